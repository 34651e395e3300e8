package tenant

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
)

// newID is 50 random bits as ten characters of which the first is a letter.
func newID(random io.Reader) (string, error) {
	raw := make([]byte, 10)
	for {
		if _, err := io.ReadFull(random, raw); err != nil {
			return "", fmt.Errorf("make an id: %w", err)
		}
		id := strings.ToLower(base32.StdEncoding.EncodeToString(raw)[:10])
		if id[0] >= 'a' {
			return id, nil
		}
	}
}
