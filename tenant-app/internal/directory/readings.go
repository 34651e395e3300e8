package directory

import (
	"maps"
	"slices"
	"sync"

	"github.com/mozillazg/go-pinyin"
)

// readings is the library's dictionary in a sixth of its memory: the app of a small
// company is idle most of the time, and a map of 40,000 entries is all the same there.
type readings struct {
	runes  []int32  // in order
	values []uint16 // of each rune: its place in marked
	marked []string // "dān,chán,shàn", each once

	mu    sync.Mutex
	plain map[uint16][]string // "dan", "chan", "shan", of those that were asked for
}

var dictionary = takeOver()

// takeOver leaves the library without its map.
func takeOver() *readings {
	n, places := len(pinyin.PinyinDict), map[string]uint16{}
	d := &readings{runes: make([]int32, 0, n), values: make([]uint16, 0, n), plain: map[uint16][]string{}}
	for _, r := range slices.Sorted(maps.Keys(pinyin.PinyinDict)) {
		value := pinyin.PinyinDict[r]
		at, known := places[value]
		if !known {
			at = uint16(len(d.marked))
			places[value] = at
			d.marked = append(d.marked, value)
		}
		d.runes, d.values = append(d.runes, int32(r)), append(d.values, at)
	}
	pinyin.PinyinDict = nil
	return d
}

// of are the readings of a character without tones, the likeliest first.
func (d *readings) of(r rune) []string {
	i, known := slices.BinarySearch(d.runes, r)
	if !known {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.values[i]
	plain, known := d.plain[at]
	if !known {
		pinyin.PinyinDict = map[int]string{0: d.marked[at]}
		plain = pinyin.SinglePinyin(0, allReadings)
		d.plain[at] = plain
	}
	return slices.Clone(plain)
}
