// Store every result once, as results/<run_id>.json:  node consumer.js results
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'redis';

const QUEUE = process.env.OFFBEAT_RESULTS_QUEUE ?? 'audio_results_queue';
const folder = process.argv[2] ?? 'results';

const client = createClient({ url: process.env.OFFBEAT_REDIS_URL ?? 'redis://localhost:6379/0' });
client.on('error', (error) => console.error(error.message));
await client.connect();
await mkdir(folder, { recursive: true });

let running = true;
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (running = false));

while (running) {
  const item = await client.brPop(QUEUE, 5);
  if (!item) continue;
  try {
    await handle(JSON.parse(item.element));
  } catch (error) {
    await client.rPush(QUEUE, item.element); // not stored: back to where it came from
    throw error;
  }
}
await client.close();

async function handle(result) {
  // run_id is unique, so storing the same result twice changes nothing
  await writeFile(join(folder, `${result.run_id}.json`), JSON.stringify(result));
  switch (result.status) {
    case 'completed': {
      const { global, tracks } = result.results;
      console.log(`${result.job_id}: ${global.duration_sec.toFixed(1)} s, ${tracks.length} tracks`);
      break;
    }
    case 'failed': {
      const again = result.retryable ? 'may be pushed again' : 'must be mended first';
      console.log(`${result.job_id}: ${result.reason}: ${result.error} (${again})`);
      break;
    }
    case 'cancelled':
      console.log(`${result.job_id}: cancelled`);
  }
}
