// Cuts a photo to the square in its middle, small enough to send: phones make pictures of many megabytes.
export const avatarSide = 512;

/** The square in the middle of a picture. */
export function middleSquare(width: number, height: number): { x: number; y: number; side: number } {
  const side = Math.min(width, height);
  return { x: Math.floor((width - side) / 2), y: Math.floor((height - side) / 2), side };
}

/** Whether a file is a photo of a phone that only the phone can show. */
export const isHeic = ({ name, type }: { name: string; type: string }): boolean =>
  /\.hei[cf]$/i.test(name) || /^image\/hei[cf]/.test(type);

/** A JPEG of at most avatarSide pixels a side. Throws if the browser cannot read the file. */
export async function cutSquare(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const { x, y, side } = middleSquare(picture.width, picture.height);
  const target = Math.min(side, avatarSide);
  const canvas = document.createElement('canvas');
  canvas.width = target;
  canvas.height = target;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, target, target);
  context.drawImage(picture, x, y, side, side, 0, 0, target, target);
  picture.close();
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', 0.9),
  );
}
