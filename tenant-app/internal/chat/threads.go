package chat

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"github.com/uptrace/bun"
)

// checkThread refuses what cannot begin a thread: what the person cannot see, a reply,
// what was recalled.
func (s *Service) checkThread(ctx context.Context, in *access, root kernel.ID) error {
	f, err := s.find(ctx, root, false)
	if err != nil || f.RoomID != in.ID || f.ThreadID != nil || f.Kind == System || f.RecalledAt != nil {
		return kernel.Invalid("thread_unknown").OnField("body.thread").Because(err)
	}
	return nil
}

// reply takes the next place of a thread for a post whose row is filled, instead of one
// of the room. Who replies, who is mentioned and who began it follow the thread.
func (s *Service) reply(ctx context.Context, at *roomRow, p *post) error {
	var root messageRow
	err := s.db.Q(ctx).NewRaw(`UPDATE chat_message AS m SET thread_seq = thread_seq + 1, revision = revision + 1 WHERE id = ? RETURNING `+messageColumns, p.Thread).Scan(ctx, &root)
	if err != nil {
		return fmt.Errorf("reply in a thread: %w", err)
	}
	at.LastSeq--
	p.row.Seq, p.row.ThreadID, p.row.ThreadSeq = at.LastSeq, &p.Thread, root.ThreadSeq
	people := append([]kernel.ID{p.author}, p.row.Mentions...)
	if root.AuthorID != nil {
		people = append(people, *root.AuthorID)
	}
	_, err = s.db.Q(ctx).NewRaw(`INSERT INTO chat_thread_member (thread_id, person_id) SELECT ?, id FROM (SELECT DISTINCT unnest(ARRAY[?]::uuid[]) AS id) p ON CONFLICT DO NOTHING`,
		p.Thread, bun.List(people)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("follow a thread: %w", err)
	}
	s.live.Hint(ctx, live.To{Room: at.ID}, live.Hint{Kind: "message", ID: root.ID, Room: at.ID, Seq: root.Seq, Revision: root.Revision})
	return nil
}

// readThread moves one's cursor in a thread forward.
func (s *Service) readThread(ctx context.Context, in *access, root kernel.ID, seq int64) error {
	f, err := s.find(ctx, root, false)
	if err != nil {
		return err
	}
	if f.RoomID != in.ID || f.ThreadID != nil {
		return kernel.NotFound("message_unknown")
	}
	_, err = s.db.Q(ctx).NewRaw(`INSERT INTO chat_thread_member AS c (thread_id, person_id, read_seq) VALUES (?0, ?1, ?2)
		ON CONFLICT (thread_id, person_id) DO UPDATE SET read_seq = greatest(c.read_seq, EXCLUDED.read_seq)`, root, in.me, min(max(seq, 0), f.ThreadSeq)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note what was read of a thread: %w", err)
	}
	s.live.Hint(ctx, live.To{People: []kernel.ID{in.me}}, live.Hint{Kind: "read", Room: in.ID, Thread: root, Seq: seq})
	return nil
}
