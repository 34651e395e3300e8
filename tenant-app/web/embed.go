// Package web holds the built page. `npm ci && npm run build` in this folder fills
// dist; without it the program serves a page that says so.
package web

import "embed"

// Files are the built page, below dist.
//
//go:embed all:dist
var Files embed.FS
