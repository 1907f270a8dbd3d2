<?php

declare(strict_types=1);

/** Connect with the extension phpredis to the server that OFFBEAT_REDIS_URL names. */
function connect(): Redis
{
    $url = parse_url(getenv('OFFBEAT_REDIS_URL') ?: 'redis://localhost:6379/0');
    $host = ($url['scheme'] === 'rediss' ? 'tls://' : '') . $url['host'];

    $redis = new Redis();
    $redis->connect($host, $url['port'] ?? 6379, 5.0);
    $redis->setOption(Redis::OPT_READ_TIMEOUT, 10); // longer than BRPOP blocks
    // Leave OPT_PREFIX and OPT_SERIALIZER alone: Offbeat reads plain JSON from a plain key.
    if (isset($url['pass'])) {
        $pass = rawurldecode($url['pass']);
        $redis->auth(($url['user'] ?? '') === '' ? $pass : [rawurldecode($url['user']), $pass]);
    }
    $redis->select((int) ltrim($url['path'] ?? '/0', '/'));

    return $redis;
}
