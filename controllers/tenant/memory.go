package tenant

import (
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// memory keeps what this process knows about its own last writes. It only spares
// work: everything in it can be read again from the API server and the registry.
type memory[T any] struct {
	mu     sync.Mutex
	values map[string]T
}

func (m *memory[T]) get(key string) T {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[key]
}

func (m *memory[T]) set(key string, value T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string]T{}
	}
	m.values[key] = value
}

func (m *memory[T]) drop(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
}

func (m *memory[T]) dropPrefix(prefix string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.values {
		if strings.HasPrefix(key, prefix) {
			delete(m.values, key)
		}
	}
}

// behind says whether an object that was read is older than one that we wrote.
func behind(read, written string) bool {
	if written == "" {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(read, written)
	return err == nil && order < 0
}
