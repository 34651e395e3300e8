// Brings a file to the server, in parts: what broke goes on where it stopped, also in a later life of the page.
import { sendPart, sendQueued } from './client';

export type Upload = { id: string; name: string; type: string; data: Blob };
type Progress = { received: number; complete: boolean; partSize: number };

/** The sum by which the server checks what it got. Only pages that came by https can make one. */
async function sumOf(data: Blob): Promise<string> {
  const sum = await crypto.subtle.digest('SHA-256', await data.arrayBuffer());
  return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Repeating it with the same id is the same upload. Kind: of the object that the file is for. */
export async function upload(kind: string, { id, name, type, data }: Upload): Promise<void> {
  let progress = await sendQueued<Progress>({
    method: 'POST',
    path: '/files',
    key: `file-${id}`,
    body: { id, kind, name, type, size: data.size, sha256: await sumOf(data) },
  });
  while (!progress.complete) {
    const { received, partSize } = progress;
    progress = await sendPart<Progress>(
      `/files/${id}?offset=${received}`,
      data.slice(received, received + partSize),
    );
  }
}
