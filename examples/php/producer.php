<?php

// Push one job per audio file:  php producer.php mixes/042.mp3 mixes/043.mp3

declare(strict_types=1);

require __DIR__ . '/connect.php';

$queue = getenv('OFFBEAT_ANALYSIS_QUEUE') ?: 'audio_analysis_queue';
$redis = connect();

foreach (array_slice($argv, 1) as $path) {
    $job = [
        'job_id' => bin2hex(random_bytes(8)), // your own id; it comes back unchanged
        'relative_path' => $path,             // below the folder that the analyzer mounts
        'enqueued_at' => microtime(true),
        // 'cue_tracks' => [['title' => 'Intro', 'start_time_sec' => 0.0]],
    ];
    $redis->lPush($queue, json_encode($job, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES));
    echo $job['job_id'], ' ', $path, PHP_EOL;
}
