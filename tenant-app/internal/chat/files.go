package chat

import (
	"context"

	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// FileKind names messages to package files.
const FileKind = "chat-message"

// maxFile bounds a file of a message, in bytes.
const maxFile = 2 << 30

// Files is where the files of messages are. Package files implements it.
type Files interface {
	Attach(ctx context.Context, owner files.Ref, ids []kernel.ID) error
	Share(ctx context.Context, owner files.Ref, ids []kernel.ID) error
	Of(ctx context.Context, kind string, objects []kernel.ID) (map[kernel.ID][]files.File, error)
	Drop(ctx context.Context, owner files.Ref) error
}

// FilesOfMessages says who reads the files of messages: whoever sees the message.
func (s *Service) FilesOfMessages() files.Kind {
	return files.Kind{MaxBytes: maxFile, Right: UseRight, MayRead: func(ctx context.Context, person, message, _ kernel.ID) error {
		f, err := s.findAs(ctx, message, person, false)
		if err == nil && f.RecalledAt != nil {
			return kernel.NotFound("message_unknown")
		}
		return err
	}}
}

// attach gives a message the files that came with it, or copies of those of the messages
// that it forwards. What they are called and how large they are is kept in the message,
// so that reading a room asks nobody else.
func (s *Service) attach(ctx context.Context, p *post) error {
	owner := files.Ref{Kind: FileKind, ID: p.ID}
	var err error
	switch {
	case len(p.FileIDs) > 0:
		err = s.files.Attach(ctx, owner, p.FileIDs)
	case len(p.share) > 0:
		err = s.files.Share(ctx, owner, p.share)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	of, err := s.files.Of(ctx, FileKind, []kernel.ID{p.ID})
	if err != nil {
		return err
	}
	kept := make([]Attached, 0, len(of[p.ID]))
	for _, f := range of[p.ID] {
		kept = append(kept, Attached{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height, URL: f.URL, Preview: f.Preview})
		if p.Kind == Picture && f.Width == 0 {
			p.Kind = File // it cannot be shown
		}
	}
	if p.data.Merged == nil {
		p.data.Files = kept
		return nil
	}
	p.data.Merged.take(&kept)
	return nil
}

// take gives the copies of files to the items whose originals they were, in order.
func (m *Merged) take(kept *[]Attached) {
	for i := range m.Items {
		n := min(len(m.Items[i].Files), len(*kept))
		m.Items[i].Files, *kept = append([]Attached{}, (*kept)[:n]...), (*kept)[n:]
		if m.Items[i].Merged != nil {
			inner := *m.Items[i].Merged
			inner.Items = append([]MergedItem{}, inner.Items...)
			inner.take(kept)
			m.Items[i].Merged = &inner
		}
	}
}

// all are the files of what was merged, in order.
func (m *Merged) all() []kernel.ID {
	var ids []kernel.ID
	for _, item := range m.Items {
		ids = append(ids, idsOf(item.Files)...)
		if item.Merged != nil {
			ids = append(ids, item.Merged.all()...)
		}
	}
	return ids
}

func idsOf(list []Attached) []kernel.ID {
	var ids []kernel.ID
	for _, f := range list {
		ids = append(ids, f.ID)
	}
	return ids
}
