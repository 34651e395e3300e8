package approval

import (
	"context"
	"slices"
	"time"

	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// FileKind names approvals to package files.
const FileKind = "approval"

const (
	maxFile   = 200 << 20            // bytes
	keepDraft = 180 * 24 * time.Hour // files of a draft, since it was kept
)

// Files is where the files of forms are. Package files implements it.
type Files interface {
	Attach(ctx context.Context, owner files.Ref, ids []kernel.ID) error
	Of(ctx context.Context, kind string, objects []kernel.ID) (map[kernel.ID][]files.File, error)
	Drop(ctx context.Context, owner files.Ref) error
	Hold(ctx context.Context, ids []kernel.ID, until time.Time) error
}

// FilesOfApprovals says who reads the files of approvals: whoever sees the field.
func (s *Service) FilesOfApprovals() files.Kind {
	return files.Kind{MaxBytes: maxFile, Right: SubmitRight, MayRead: func(ctx context.Context, _, id, file kernel.ID) error {
		r, err := s.read(ctx, id, false)
		if err != nil {
			return err
		}
		form, err := s.sheet(ctx, r.FormKey, r.FormVersion)
		if err != nil {
			return err
		}
		if !slices.Contains(filesIn(form.Redact(r.values, s.hidden(ctx, r, form))), file) {
			return errUnknown()
		}
		return nil
	}}
}

// filesIn are the files that values name: of all fields, only those hold lists of texts.
func filesIn(values map[string]any) []kernel.ID {
	var out []kernel.ID
	for _, value := range values {
		list, _ := value.([]any)
		for _, entry := range list {
			text, _ := entry.(string)
			if id, err := kernel.ParseID(text); err == nil {
				out = append(out, id)
			}
		}
	}
	return out
}

// attach gives an approval the files that its values name, and takes all others away.
func (s *Service) attach(ctx context.Context, r *row, before map[string]any) error {
	had, has, owner := filesIn(before), filesIn(r.values), files.Ref{Kind: FileKind, ID: r.ID}
	if len(had) > 0 {
		if err := s.Files.Drop(ctx, owner); err != nil {
			return err
		}
	}
	err := s.Files.Attach(ctx, owner, has)
	if kernel.HasCode(err, "file_unknown") {
		return kernel.Invalid("file_unknown").OnField("body.values").Because(err)
	}
	return err
}

// shownFiles are the files of an approval in the fields that its reader sees.
func (s *Service) shownFiles(ctx context.Context, r *row, values map[string]any) ([]files.File, error) {
	out, shown := []files.File{}, filesIn(values)
	if len(shown) == 0 {
		return out, nil
	}
	all, err := s.Files.Of(ctx, FileKind, []kernel.ID{r.ID})
	if err != nil {
		return nil, err
	}
	for _, f := range all[r.ID] {
		if slices.Contains(shown, f.ID) {
			out = append(out, f)
		}
	}
	return out, nil
}
