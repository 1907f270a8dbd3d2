<?php

// Store every result once, as results/<run_id>.json:  php consumer.php results

declare(strict_types=1);

require __DIR__ . '/connect.php';

$queue = getenv('OFFBEAT_RESULTS_QUEUE') ?: 'audio_results_queue';
$folder = $argv[1] ?? 'results';
if (!is_dir($folder)) {
    mkdir($folder, recursive: true);
}
$redis = connect();

while (true) {
    $item = $redis->brPop([$queue], 5); // [key, message], or an empty array after 5 s
    if (!$item) {
        continue;
    }
    try {
        handle($folder, json_decode($item[1], true, flags: JSON_THROW_ON_ERROR));
    } catch (Throwable $error) {
        $redis->rPush($queue, $item[1]); // not stored: back to where it came from
        throw $error;
    }
}

/** @param array<string, mixed> $result */
function handle(string $folder, array $result): void
{
    // run_id is unique, so storing the same result twice changes nothing
    $file = "$folder/{$result['run_id']}.json";
    if (file_put_contents($file, json_encode($result, JSON_THROW_ON_ERROR)) === false) {
        throw new RuntimeException("$file could not be written");
    }
    echo $result['job_id'], ': ', match ($result['status']) {
        'completed' => sprintf(
            '%.1f s, %d tracks',
            $result['results']['global']['duration_sec'],
            count($result['results']['tracks']),
        ),
        'failed' => sprintf(
            '%s: %s (%s)',
            $result['reason'],
            $result['error'],
            $result['retryable'] ? 'may be pushed again' : 'must be mended first',
        ),
        'cancelled' => 'cancelled',
    }, PHP_EOL;
}
