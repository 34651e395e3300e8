package desk

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Config is what the suggestion box needs.
type Config struct {
	DB       *store.DB
	Clock    kernel.Clock
	Jobs     *store.Jobs
	Live     *live.Hub
	Inbox    Inbox
	Cards    Cards
	Calendar Calendar
	Files    Files
	Index    Index
	Facts    Facts
	Audit    Audit

	// Handlers are at most so many of those who hold HandleRight.
	Handlers func(ctx context.Context, most int) ([]kernel.ID, error)
	// Managers are at most so many of those who hold ManageRight.
	Managers func(ctx context.Context, most int) ([]kernel.ID, error)
}

// Service holds the use cases.
type Service struct{ Config }

// New makes the suggestion box of the company in config.DB, with its jobs.
func New(config Config) *Service {
	s := &Service{config}
	s.Jobs.Handle(jobRemind, 1, s.remind)
	s.Jobs.On(eventChanged, "cards", 1, s.showCards)
	return s
}

func reader(ctx context.Context) kernel.Principal {
	who, _ := kernel.PrincipalFrom(ctx) // operations are for people who signed in
	return who
}

// errUnknown is the answer for what is not there and for what one may not see.
func errUnknown() error { return kernel.NotFound("suggestion_unknown") }

// Submission is what somebody puts into the box.
type Submission struct {
	ID        kernel.ID // made by the client; again, by the same person, it is the same suggestion
	Title     string
	Text      string
	Files     []kernel.ID
	Anonymous bool
	Code      string // of an anonymous one, made by the client: with it the author comes back
}

// clean checks what can be checked without looking anywhere.
func (in *Submission) clean() error {
	in.Title, in.Text = kernel.CleanText(in.Title), kernel.CleanText(in.Text)
	switch {
	case in.ID == kernel.NoID:
		return kernel.Invalid("id_malformed").OnField("body.id")
	case in.Title == "":
		return kernel.Invalid("field_missing").OnField("body.title")
	case utf8.RuneCountInString(in.Title) > maxTitle:
		return kernel.Invalid("text_too_long").With("max", maxTitle).OnField("body.title")
	case in.Text == "":
		return kernel.Invalid("field_missing").OnField("body.text")
	case utf8.RuneCountInString(in.Text) > maxText:
		return kernel.Invalid("text_too_long").With("max", maxText).OnField("body.text")
	case len(in.Files) > maxFiles:
		return kernel.Invalid("attachments_too_many").With("max", maxFiles).OnField("body.fileIds")
	case in.Anonymous && len(in.Files) > 0: // an upload knows who handed it in
		return kernel.Invalid("anonymous_without_files").OnField("body.fileIds")
	}
	return nil
}

// Submit puts a suggestion into the box and gives it as its author sees it. Codes:
// anonymous_not_allowed, code_malformed, id_taken, file_unknown, suggestions_unattended
// where nobody would answer.
func (s *Service) Submit(ctx context.Context, in Submission) (d SuggestionDetail, err error) {
	if err := in.clean(); err != nil {
		return d, err
	}
	r := &row{ID: in.ID, Title: in.Title, Text: in.Text, State: Waiting}
	if in.Anonymous {
		err = s.hide(ctx, r, in.Code)
	} else {
		author := reader(ctx).PersonID
		r.AuthorID = &author
	}
	if err != nil {
		return d, err
	}
	err = s.DB.InTx(ctx, func(ctx context.Context) error {
		there, err := s.again(ctx, r)
		if err != nil || there {
			return err
		}
		return s.begin(ctx, r, in.Files)
	})
	if err != nil {
		return d, err
	}
	return s.detail(ctx, r.ID, true)
}

// again says whether the suggestion is there already.
func (s *Service) again(ctx context.Context, r *row) (bool, error) {
	kept, err := s.read(ctx, r.ID, false)
	switch {
	case kernel.IsKind(err, kernel.KindNotFound):
		return false, nil
	case err != nil:
		return false, err
	case kept.AuthorID == nil && r.AuthorID == nil, kept.AuthorID != nil && r.AuthorID != nil && *kept.AuthorID == *r.AuthorID:
		return true, nil
	}
	return false, kernel.Conflict("id_taken").OnField("body.id")
}

// moment is the present, as it may be written down for what the author does.
func (s *Service) moment(r *row) time.Time {
	if r.AuthorID == nil {
		return s.Clock().Truncate(time.Hour)
	}
	return s.Clock()
}

func (s *Service) begin(ctx context.Context, r *row, attached []kernel.ID) error {
	at := s.moment(r)
	r.CreatedAt, r.UpdatedAt, r.Revision = at, at, 1
	handlers, err := s.handlers(ctx, r)
	if err != nil {
		return err
	}
	if len(handlers) == 0 { // better refused than never read
		return kernel.Conflict("suggestions_unattended")
	}
	if err := s.limit(ctx, r, at); err != nil {
		return err
	}
	if _, err := s.DB.Q(ctx).NewInsert().Model(r).Exec(ctx); err != nil {
		return fmt.Errorf("keep a suggestion: %w", err)
	}
	if err := s.Files.Attach(ctx, files.Ref{Kind: Kind, ID: r.ID}, attached); err != nil {
		return err
	}
	if err := s.record(ctx, r, "", at); err != nil {
		return err
	}
	return s.follow(ctx, r, handlers)
}

// limit sets until when a suggestion is to be answered, and plans the reminder.
func (s *Service) limit(ctx context.Context, r *row, at time.Time) error {
	r.Due = nil
	if !r.State.open() {
		return s.Jobs.Remove(ctx, jobRemind, r.ID.String())
	}
	due, err := s.Calendar.AddWorking(ctx, at, limit)
	if kernel.HasCode(err, "calendar_without_work") { // a company that works so little is in no hurry
		return nil
	}
	if err != nil {
		return err
	}
	r.Due = &due
	return s.Jobs.Add(ctx, store.Job{Kind: jobRemind, Version: 1, Key: r.ID.String(), Payload: overdue{r.ID, due}, At: due})
}

// handlers are those whom a suggestion waits for: who has taken it, else all of them.
func (s *Service) handlers(ctx context.Context, r *row) ([]kernel.ID, error) {
	if r.HandlerID != nil {
		return []kernel.ID{*r.HandlerID}, nil
	}
	return s.Handlers(ctx, mostHandled)
}
