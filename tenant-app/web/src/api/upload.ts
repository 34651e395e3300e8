// Brings a file to the server, in parts: what broke goes on where it stopped, also in a later life of the page.
import { sendQueued } from './client';

export type Upload = { id: string; name: string; type: string; data: Blob };
type Progress = { received: number; done: boolean };

const partBytes = 8 << 20;

/** The sum by which the server checks what it got; plain-http pages cannot make one. */
async function sumOf(data: Blob): Promise<string | undefined> {
  if (!crypto.subtle) return undefined;
  const sum = await crypto.subtle.digest('SHA-256', await data.arrayBuffer());
  return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Repeating it with the same id is the same upload. */
export async function upload({ id, name, type, data }: Upload): Promise<void> {
  const sha256 = await sumOf(data);
  let progress = await sendQueued<Progress>({
    method: 'POST',
    path: '/files',
    key: `file-${id}`,
    body: { id, name, type, size: data.size, ...(sha256 ? { sha256 } : {}) },
  });
  while (!progress.done) {
    const { received } = progress;
    progress = await sendQueued<Progress>({
      method: 'PUT',
      path: `/files/${id}/content?offset=${received}`,
      key: `file-${id}-${received}`,
      body: data.slice(received, received + partBytes),
    });
  }
}
