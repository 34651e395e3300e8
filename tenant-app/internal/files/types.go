package files

import (
	"mime"
	"net/http"
	"strings"
)

// unknownType is what browsers save and do not open.
const unknownType = "application/octet-stream"

// shown are the types of pictures that every browser shows, and that cannot hold a
// script.
var shown = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true}

// plain are further types that may be named as they are: what is named here is still
// sent as an attachment.
var plain = map[string]bool{
	"application/pdf": true, "application/zip": true,
	"audio/mpeg": true, "audio/mp4": true, "audio/ogg": true, "audio/webm": true, "audio/wav": true, "audio/aac": true,
	"video/mp4": true, "video/webm": true, "video/quicktime": true,
}

// declared is a type as a client names it, until the content is seen.
func declared(text string) string {
	base, _, err := mime.ParseMediaType(text)
	if err == nil && (shown[base] || plain[base] || base == "image/heic" || base == "image/heif") {
		return base
	}
	return unknownType
}

// typeOf goes by the first bytes of a file. What the client said is believed only where
// the content leaves it open: a recording, whose container can hold a film as well, and
// a HEIC photo.
func typeOf(head []byte, said string) string {
	found, _, _ := strings.Cut(http.DetectContentType(head), ";")
	container := len(head) >= 12 && string(head[4:8]) == "ftyp"
	switch {
	case found == "application/ogg":
		return "audio/ogg"
	case found == "audio/wave":
		return "audio/wav"
	case container && (strings.HasPrefix(said, "image/hei") || said == "audio/mp4" || strings.HasPrefix(said, "video/")):
		return said
	case found == "video/webm" && said == "audio/webm", (found == unknownType || found == "audio/mpeg") && (said == "audio/aac" || said == "audio/mpeg"):
		return said
	case shown[found], plain[found]:
		return found
	}
	return unknownType
}
