package chat_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// said is a message as the model keeps it.
type said struct {
	id       kernel.ID
	seq      int64
	author   int
	text     string
	mentions []int
	recalled bool
}

// stayed is one stay of somebody in the room.
type stayed struct{ joined, left, read int64 }

const stays = int64(1) << 60 // left of who still belongs

// model is the room counted naively.
type model struct {
	t      *testing.T
	o      *officetest.Office
	random *rand.Rand
	room   kernel.ID
	people []kernel.ID // the first one is the owner and never leaves
	said   []said
	stayed map[int][]stayed
}

func (m *model) as(p int) context.Context {
	m.t.Helper()
	ctx, err := m.o.App.Rights.As(m.t.Context(), m.people[p])
	m.must(err)
	return ctx
}

func (m *model) lastSeq() (seq int64) {
	m.o.Scan(m.t, "SELECT last_seq FROM chat_room WHERE id = '"+m.room.String()+"'", &seq)
	return seq
}

func (m *model) belongs(p int) bool {
	list := m.stayed[p]
	return len(list) > 0 && list[len(list)-1].left == stays
}

func (m *model) sees(p int, seq int64) bool {
	return slices.ContainsFunc(m.stayed[p], func(s stayed) bool { return s.joined < seq && seq <= s.left })
}

func (m *model) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// step does one thing that somebody may or may not be allowed to do.
func (m *model) step(n int) {
	s, p := m.o.App.Chat, m.random.IntN(len(m.people))
	switch what := m.random.IntN(10); {
	case what < 4:
		m.post(p, n)
	case what < 6 && p > 0:
		seq := m.lastSeq()
		if m.belongs(p) {
			m.must(s.Remove(m.as(m.random.IntN(2)*p), m.room, m.people[p]))
			list := m.stayed[p]
			list[len(list)-1].left = seq
		} else {
			m.must(s.Invite(m.as(0), m.room, []kernel.ID{m.people[p]}))
			m.stayed[p] = append(m.stayed[p], stayed{seq, stays, seq})
		}
	case what < 8:
		to := m.random.Int64N(m.lastSeq() + 3)
		err := s.Read(m.as(p), m.room, to, kernel.NoID)
		if !m.belongs(p) {
			if !kernel.HasCode(err, "room_unknown") {
				m.t.Fatalf("somebody outside reads: %v", err)
			}
			return
		}
		m.must(err)
		now := &m.stayed[p][len(m.stayed[p])-1]
		now.read = max(now.read, min(to, m.lastSeq()))
	case what == 8 && len(m.said) > 0:
		m.recall(p, m.random.IntN(len(m.said)))
	}
}

func (m *model) post(p, n int) {
	text := fmt.Sprintf("第%d句", n)
	in := chat.NewMessage{ID: kernel.NewID(), Kind: chat.Text, Text: text}
	var mentions []int
	for q := range m.people {
		if m.random.IntN(3) == 0 {
			in.Mentions = append(in.Mentions, m.people[q])
			if m.belongs(q) && q != p {
				mentions = append(mentions, q)
			}
		}
	}
	made, err := m.o.App.Chat.Post(m.as(p), m.room, in)
	if !m.belongs(p) {
		if !kernel.HasCode(err, "room_unknown") {
			m.t.Fatalf("somebody outside writes: %v", err)
		}
		return
	}
	m.must(err)
	m.said = append(m.said, said{made.ID, made.Seq, p, text, mentions, false})
	if m.random.IntN(3) == 0 { // a repeat, as a phone does that lost the answer
		again, err := m.o.App.Chat.Post(m.as(p), m.room, in)
		if m.must(err); again.Seq != made.Seq {
			m.t.Fatalf("a repeat stands at %d, the first at %d", again.Seq, made.Seq)
		}
	}
}

func (m *model) recall(p, at int) {
	it := &m.said[at]
	_, err := m.o.App.Chat.Recall(m.as(p), it.id)
	switch {
	case !m.belongs(p) || !m.sees(p, it.seq):
		if !kernel.HasCode(err, "message_unknown") {
			m.t.Fatalf("somebody who cannot see a message recalls it: %v", err)
		}
	case it.recalled || p == it.author || p == 0:
		m.must(err)
		it.recalled = true
	case !kernel.HasCode(err, "message_of_others"):
		m.t.Fatalf("somebody else's message is recalled: %v", err)
	}
}

// compare asks the app what it shows to each person.
func (m *model) compare() {
	for p := range m.people {
		room, err := m.o.App.Chat.Room(m.as(p), m.room)
		if !m.belongs(p) {
			if !kernel.HasCode(err, "room_unknown") {
				m.t.Fatalf("somebody outside sees the room: %v", err)
			}
			continue
		}
		m.must(err)
		list := m.stayed[p]
		read, unread, mentions := list[len(list)-1].read, 0, 0
		var visible []string
		for _, it := range m.said {
			if it.seq > read && it.author != p && !it.recalled {
				unread++
				if slices.Contains(it.mentions, p) {
					mentions++
				}
			}
			if m.sees(p, it.seq) {
				visible = append(visible, m.shown(it, p))
			}
		}
		if room.Unread != unread || room.Mentions != mentions || room.ReadSeq != read {
			m.t.Fatalf("person %d has %d unread, %d mentions, read to %d; want %d, %d, %d", p, room.Unread, room.Mentions, room.ReadSeq, unread, mentions, read)
		}
		if got := m.shows(p); !slices.Equal(got, visible) {
			m.t.Fatalf("person %d sees\n%s\nwant\n%s", p, strings.Join(got, "\n"), strings.Join(visible, "\n"))
		}
	}
}

// shown is a line of a message with its readers, if it is the reader's own.
func (m *model) shown(it said, p int) string {
	if it.recalled {
		return fmt.Sprint(it.seq, " recalled")
	}
	line := fmt.Sprint(it.seq, " ", it.text)
	if it.author == p {
		have, not := 0, 0
		for q := range m.people {
			for _, s := range m.stayed[q] {
				switch {
				case q == p || it.seq <= s.joined || it.seq > s.left:
				case s.read >= it.seq:
					have++
				default:
					not++
				}
			}
		}
		line += fmt.Sprintf(" 已读%d 未读%d", have, not)
	}
	return line
}

// shows reads the room in small pages from its end, as a page does that scrolls up.
func (m *model) shows(p int) []string {
	var lines []string
	for before := int64(0); ; {
		page, err := m.o.App.Chat.Messages(m.as(p), m.room, chat.Query{Before: before, Limit: 7})
		m.must(err)
		var piece []string
		for _, it := range page.Items {
			switch {
			case it.Kind == chat.System:
			case it.RecalledAt != nil:
				if piece = append(piece, fmt.Sprint(it.Seq, " recalled")); it.Text != "" {
					m.t.Fatalf("a recalled message still says %s", it.Text)
				}
			default:
				line := fmt.Sprint(it.Seq, " ", it.Text)
				if it.Author.ID == m.people[p] {
					line += fmt.Sprintf(" 已读%d 未读%d", it.ReadCount, it.UnreadCount)
				}
				piece = append(piece, line)
			}
		}
		lines = append(piece, lines...)
		if !page.Older {
			return lines
		}
		before = page.Items[0].Seq
	}
}

// Whatever people do, each sees the messages of their own time, and every count is that
// of a naive model. ROUNDS rooms (2).
func TestCountsAndSightEqualANaiveModel(t *testing.T) {
	rounds := 2
	if asked, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil {
		rounds = asked
	}
	o := officetest.Start(t)
	var people []kernel.ID
	for i := range 5 {
		people = append(people, o.Person(t, auth.NewPerson{Name: "人员", StaffNo: fmt.Sprint("P", i)}))
	}
	for round := range rounds {
		m := &model{t: t, o: o, random: rand.New(rand.NewPCG(4, uint64(round))), room: kernel.NewID(), people: people, stayed: map[int][]stayed{0: {{0, stays, 0}}}}
		_, err := o.App.Chat.Create(m.as(0), chat.NewRoom{ID: m.room, Kind: chat.Group, Name: "组"})
		m.must(err)
		for n := range 120 {
			m.step(n)
			if n%6 == 5 {
				m.compare()
			}
		}
		if len(m.said) < 20 {
			t.Errorf("only %d messages were sent", len(m.said))
		}
	}
}
