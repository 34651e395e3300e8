package forward

import (
	"context"
	"sync"
	"time"
)

// Cached asks resolve at most once in a while; a failure is not kept.
func Cached(resolve Resolve, life time.Duration) Resolve {
	var mu sync.Mutex
	var address string
	var asked time.Time
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if address != "" && time.Since(asked) < life {
			return address, nil
		}
		found, err := resolve(ctx)
		if err != nil {
			return "", err
		}
		address, asked = found, time.Now()
		return address, nil
	}
}
