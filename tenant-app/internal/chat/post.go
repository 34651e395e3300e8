package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// NewMessage is what somebody sends. The id is made by the client: a repeat gives the
// message that the first one made.
type NewMessage struct {
	ID       kernel.ID
	Kind     Kind
	Text     string
	Mentions []kernel.ID
	All      bool
	Quote    kernel.ID // kernel.NoID: none
	Thread   kernel.ID // kernel.NoID: in the room itself
	FileIDs  []kernel.ID
	Receipt  bool
	Urgent   bool
}

// post is a message on its way into its room, and what became of it.
type post struct {
	NewMessage
	author kernel.ID // kernel.NoID: an assistant
	data   payload
	card   *kernel.ID
	share  []kernel.ID // files of messages that it forwards

	row     messageRow
	shown   Message // as everyone may see it
	members int
	repeat  bool // the message is there already
	err     error
	done    chan struct{}
}

// clean checks what can be checked without looking anywhere.
func (m *NewMessage) clean() (err error) {
	if m.ID == kernel.NoID {
		return kernel.Invalid("id_malformed").OnField("body.id")
	}
	if m.Text, err = limited(m.Text, maxText, "text"); err != nil {
		return err
	}
	switch {
	case m.Kind == Text && len(m.FileIDs) > 0, m.Kind != Text && len(m.FileIDs) == 0:
		return kernel.Invalid("files_missing").OnField("body.fileIds")
	case m.Kind == Text && m.Text == "":
		return kernel.Invalid("text_empty").OnField("body.text")
	case len(m.FileIDs) > maxFiles:
		return kernel.Invalid("files_too_many").With("max", maxFiles).OnField("body.fileIds")
	case len(m.Mentions) > maxMentions:
		return kernel.Invalid("mentions_too_many").With("max", maxMentions).OnField("body.mentions")
	}
	return nil
}

// plain messages need no look at anything but the room, so they share transactions.
func (m *NewMessage) plain() bool {
	return m.Kind == Text && !m.All && !m.Urgent && m.Quote == kernel.NoID && m.Thread == kernel.NoID
}

// Post stores a message of the person behind the request.
func (s *Service) Post(ctx context.Context, room kernel.ID, in NewMessage) (Message, error) {
	if err := in.clean(); err != nil {
		return Message{}, err
	}
	p := &post{NewMessage: in, author: who(ctx).PersonID}
	var err error
	if in.plain() {
		err = s.submit(ctx, room, p)
	} else {
		err = s.db.InTx(ctx, func(ctx context.Context) error { return s.postAlone(ctx, room, p) })
	}
	if err != nil {
		return Message{}, err
	}
	if p.repeat || !in.plain() {
		return s.Message(ctx, in.ID)
	}
	m := p.shown
	m.UnreadCount = p.members - 1
	if m.Receipt != nil {
		m.Receipt.Waiting = p.members - 1
	}
	return m, nil
}

// postAlone stores a message that needs more than its room.
func (s *Service) postAlone(ctx context.Context, room kernel.ID, p *post) error {
	in, err := s.enterLocked(ctx, room)
	if err != nil {
		return err
	}
	if err := s.prepare(ctx, in, p); err != nil {
		return err
	}
	if err := s.append(ctx, room, []*post{p}); err != nil {
		return err
	}
	return p.err
}

// prepare checks what a message refers to.
func (s *Service) prepare(ctx context.Context, in *access, p *post) error {
	if p.All {
		may, err := s.manages(ctx, in)
		if err != nil {
			return err
		}
		if !may {
			return kernel.Forbidden("mention_all_forbidden").OnField("body.all")
		}
	}
	if p.Quote != kernel.NoID {
		quoted, err := s.find(ctx, p.Quote, false)
		if err != nil || quoted.RoomID != in.ID || quoted.Kind == System {
			return kernel.Invalid("quote_unknown").OnField("body.quote").Because(err)
		}
	}
	if p.Thread != kernel.NoID {
		if err := s.checkThread(ctx, in, p.Thread); err != nil {
			return err
		}
	}
	return nil
}

// Message is one message as the person behind the request sees it.
func (s *Service) Message(ctx context.Context, id kernel.ID) (Message, error) {
	f, err := s.find(ctx, id, false)
	if err != nil {
		return Message{}, err
	}
	var rows []shownRow
	err = s.db.Q(ctx).NewRaw("SELECT "+mine(shownColumns, f.in.me)+" FROM chat_message m WHERE m.id = ?", id).Scan(ctx, &rows)
	if err != nil {
		return Message{}, fmt.Errorf("read a message: %w", err)
	}
	shown, err := s.show(ctx, f.in, rows)
	if err != nil || len(shown) == 0 {
		return Message{}, err
	}
	return shown[0], nil
}

// append takes the next places of a room for posts, in the transaction of ctx. What is
// refused carries its error; an error of the whole means that nothing was stored.
func (s *Service) append(ctx context.Context, room kernel.ID, posts []*post) error {
	at := &roomRow{}
	err := s.db.Q(ctx).NewRaw(`SELECT `+roomColumns+` FROM chat_room r WHERE r.id = ? FOR NO KEY UPDATE`, room).Scan(ctx, at)
	if err != nil {
		return fmt.Errorf("lock a room: %w", err)
	}
	people, err := s.look(ctx, at, posts)
	if err != nil {
		return err
	}
	now := s.clock()
	var rows []messageRow
	var stored []*post
	for _, p := range posts {
		if p.err != nil || p.repeat {
			continue
		}
		if err := s.attach(ctx, p); err != nil {
			return err
		}
		if err := p.fill(at, people, now); err != nil {
			return err
		}
		if p.Thread != kernel.NoID {
			if err := s.reply(ctx, at, p); err != nil {
				return err
			}
		}
		rows, stored = append(rows, p.row), append(stored, p)
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := s.db.Q(ctx).NewInsert().Model(&rows).ModelTableExpr("chat_message").Exec(ctx); store.IsUnique(err, "chat_message_pkey") {
		return kernel.Conflict("id_taken").OnField("body.id") // by a message that another room got at this moment
	} else if err != nil {
		return fmt.Errorf("store messages: %w", err)
	}
	if _, err := s.db.Q(ctx).NewRaw(`UPDATE chat_room SET last_seq = ?, last_at = ? WHERE id = ?`, at.LastSeq, now, room).Exec(ctx); err != nil {
		return fmt.Errorf("count a room up: %w", err)
	}
	if err := s.makeFindable(ctx, stored); err != nil {
		return err
	}
	if err := s.facts.Record(ctx, asked(stored)...); err != nil {
		return err
	}
	return s.announce(ctx, at, stored)
}

// lookRow is what a batch needs to know: who of those named belongs to the room, and
// which ids are taken.
type lookRow struct {
	People json.RawMessage `bun:"people,type:json"`
	Taken  json.RawMessage `bun:"taken,type:json"`
}

type takenJSON struct {
	ID     kernel.ID  `json:"id"`
	Room   kernel.ID  `json:"room"`
	Author *kernel.ID `json:"author"`
}

// look marks repeats and those who may not speak, and gives the people named.
func (s *Service) look(ctx context.Context, at *roomRow, posts []*post) (map[kernel.ID]personJSON, error) {
	named, ids := []kernel.ID{kernel.NoID}, make([]kernel.ID, 0, len(posts))
	for _, p := range posts {
		named, ids = append(append(named, p.author), p.Mentions...), append(ids, p.ID)
	}
	var row lookRow
	err := s.db.Q(ctx).NewRaw(`SELECT (SELECT json_agg(`+personSQL+`) FROM chat_member b JOIN person p ON p.id = b.person_id
			WHERE b.room_id = ? AND b.left_seq IS NULL AND (b.person_id IN (?) OR ?)) AS people,
		(SELECT json_agg(json_build_object('id', id, 'room', room_id, 'author', author_id)) FROM chat_message WHERE id IN (?)) AS taken`,
		at.ID, bun.List(named), at.Kind == Direct, bun.List(ids)).Scan(ctx, &row)
	if err != nil {
		return nil, fmt.Errorf("look who speaks: %w", err)
	}
	list, err := decode[[]personJSON](row.People)
	if err != nil {
		return nil, err
	}
	taken, err := decode[[]takenJSON](row.Taken)
	if err != nil {
		return nil, err
	}
	people, seen := map[kernel.ID]personJSON{}, map[kernel.ID]takenJSON{}
	for _, person := range orEmpty(list) {
		people[person.ID] = person
	}
	for _, t := range orEmpty(taken) {
		seen[t.ID] = t
	}
	for _, p := range posts {
		p.admit(at, people, seen)
	}
	return people, nil
}

// admit decides about one post, and notes its id for those after it.
func (p *post) admit(at *roomRow, people map[kernel.ID]personJSON, seen map[kernel.ID]takenJSON) {
	author := p.author
	if earlier, ok := seen[p.ID]; ok {
		if p.repeat = earlier.Room == at.ID && earlier.Author != nil && *earlier.Author == author; !p.repeat {
			p.err = kernel.Conflict("id_taken").OnField("body.id")
		}
		return
	}
	_, belongs := people[author]
	switch {
	case author == kernel.NoID: // a module, or the room itself
	case !belongs:
		p.err = kernel.NotFound("room_unknown")
	case at.Kind == Assistant:
		p.err = kernel.Forbidden("room_read_only")
	case at.Kind == Direct && slices.ContainsFunc(slices.Collect(maps.Values(people)), func(q personJSON) bool { return q.Left }):
		p.err = kernel.Conflict("peer_left")
	}
	if p.err == nil {
		seen[p.ID] = takenJSON{ID: p.ID, Room: at.ID, Author: &author}
	}
}

// announce hints at what was stored. What holds a quote is not sent along: not everyone
// may have been there when the quoted message was sent.
func (s *Service) announce(ctx context.Context, at *roomRow, stored []*post) error {
	for _, p := range stored {
		hint := live.Hint{Kind: "message", ID: p.ID, Room: at.ID, Seq: p.row.Seq, Revision: p.row.Revision}
		if p.row.ThreadID != nil {
			hint.Thread, hint.Seq = *p.row.ThreadID, p.row.ThreadSeq
		} else if p.Quote == kernel.NoID {
			hint.Data = p.shown
		}
		s.live.Hint(ctx, live.To{Room: at.ID}, hint)
		if err := s.emit(ctx, at, p); err != nil {
			return err
		}
	}
	return nil
}
