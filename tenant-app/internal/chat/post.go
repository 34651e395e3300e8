package chat

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
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
	room   kernel.ID
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

// plain messages need no look at anything but their rooms, so they share transactions.
func (m *NewMessage) plain() bool {
	return m.Kind == Text && !m.All && !m.Urgent && m.Quote == kernel.NoID && m.Thread == kernel.NoID
}

// Post stores a message of the person behind the request.
func (s *Service) Post(ctx context.Context, room kernel.ID, in NewMessage) (Message, error) {
	if err := in.clean(); err != nil {
		return Message{}, err
	}
	p := &post{NewMessage: in, room: room, author: who(ctx).PersonID}
	var err error
	if in.plain() {
		err = s.submit(ctx, p)
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
