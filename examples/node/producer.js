// Push one job per audio file:  node producer.js mixes/042.mp3 mixes/043.mp3
import { randomUUID } from 'node:crypto';
import { createClient } from 'redis';

const QUEUE = process.env.OFFBEAT_ANALYSIS_QUEUE ?? 'audio_analysis_queue';

const client = createClient({ url: process.env.OFFBEAT_REDIS_URL ?? 'redis://localhost:6379/0' });
client.on('error', (error) => console.error(error.message));
await client.connect();

for (const path of process.argv.slice(2)) {
  const job = {
    job_id: randomUUID(), // your own id; it comes back unchanged
    relative_path: path, // below the folder that the analyzer mounts
    enqueued_at: Date.now() / 1000,
    // cue_tracks: [{ title: 'Intro', start_time_sec: 0 }],
  };
  await client.lPush(QUEUE, JSON.stringify(job));
  console.log(job.job_id, path);
}

await client.close();
