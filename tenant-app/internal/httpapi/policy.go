package httpapi

import (
	"crypto/rand"
	"net/http"
)

// PagePolicy sets the content security policy of a page and gives the nonce that
// its style tags carry. Scripts are files of our own and nothing more; style tags
// are those of Mantine, Tiptap and the sign-in pages.
func PagePolicy(w http.ResponseWriter) (nonce string) {
	nonce = rand.Text()
	w.Header().Set("Content-Security-Policy", pagePolicy("'self' 'nonce-"+nonce+"'"))
	return nonce
}

// filePolicy is for page files: a service worker is held to the policy that came
// with its script.
var filePolicy = pagePolicy("'self'")

func pagePolicy(styles string) string {
	return "default-src 'self'; script-src 'self'; style-src 'self'; style-src-elem " + styles +
		"; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}
