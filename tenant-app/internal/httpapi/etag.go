package httpapi

import (
	"strconv"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// ETagOut is embedded in the output of operations on an object with versions.
type ETagOut struct {
	ETag string `header:"ETag" doc:"Version of the object; send it back as If-Match"`
}

// Versioned makes the header of an object's version.
func Versioned(version int64) ETagOut { return ETagOut{ETag: etag(version)} }

// IfMatchIn is embedded in the input of operations that change such an object.
type IfMatchIn struct {
	IfMatch string `header:"If-Match" doc:"ETag of the version that was changed; required"`
}

// Check compares with the object's version: code version_required without the
// header, version_stale if someone else changed the object meanwhile.
func (in IfMatchIn) Check(version int64) error {
	if in.IfMatch == "" {
		return &kernel.Error{Kind: kernel.KindNeedsVersion, Code: "version_required"}
	}
	for tag := range strings.SplitSeq(in.IfMatch, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || tag == etag(version) {
			return nil
		}
	}
	return kernel.Stale("version_stale").With("current", etag(version))
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }
