// The nonce that the server put into the page: style tags that libraries make at run time must carry it.
import { setNonce } from 'get-nonce';

export function pageNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

// Windows keep the page behind from scrolling by a style tag of react-remove-scroll, which asks get-nonce.
setNonce(pageNonce());
