// A QR code, drawn as one path: always black on white, whatever the scheme, or scanners fail.
import { useMemo } from 'react';
import { encode } from 'uqr';

export function Qr({ text, label, size }: { text: string; label: string; size: number }) {
  const { path, side } = useMemo(() => {
    const { data } = encode(text, { ecc: 'M', border: 2 });
    const squares = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
    return { path: squares.join(''), side: data.length };
  }, [text]);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${side} ${side}`}
      width={size}
      height={size}
      shapeRendering="crispEdges"
      style={{ background: '#fff', borderRadius: 12 }}
    >
      <path d={path} fill="#000" />
    </svg>
  );
}
