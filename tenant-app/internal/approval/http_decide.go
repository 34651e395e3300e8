package approval

import (
	"context"
	"net/http"
	"strings"
	"unicode"

	"atrium.dev/atrium/tenant-app/internal/approval/engine"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// cleanComment drops space around and refuses what cannot be shown.
func cleanComment(text string) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	bad := func(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\t' }
	if strings.ContainsFunc(text, bad) {
		return "", kernel.Invalid("text_invalid").OnField("body.comment")
	}
	return text, nil
}

type decideInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Comment string `json:"comment,omitempty" maxLength:"2000"`
	}
}

type returnInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Comment string `json:"comment" minLength:"1" maxLength:"2000"`
		To      string `json:"to,omitempty" maxLength:"32" doc:"Node of returnTo; absent: to the submitter"`
		Resume  bool   `json:"resume,omitempty" doc:"Afterwards it goes on here (退回后直达本人), else from there again"`
	}
}

type transferInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Comment string     `json:"comment,omitempty" maxLength:"2000"`
		To      kernel.ID  `json:"to" format:"uuid"`
		Of      *kernel.ID `json:"of,omitempty" format:"uuid" doc:"Whose, by somebody who manages approvals; absent: mine"`
	}
}

type commentInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		Comment string `json:"comment" minLength:"1" maxLength:"2000"`
	}
}

type copyInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		Comment string      `json:"comment,omitempty" maxLength:"2000"`
		To      []kernel.ID `json:"to" minItems:"1" maxItems:"20"`
	}
}

// do cleans the comment and acts.
func (s *Service) do(ctx context.Context, id kernel.ID, check checkVersion, do Do) (*detailOutput, error) {
	comment, err := cleanComment(do.Comment)
	if err != nil {
		return nil, err
	}
	do.Comment = comment
	return s.detailAfter(ctx, id, s.Act(ctx, id, check, do))
}

func (s *Service) registerDeciding(server *httpapi.Server) {
	for _, v := range []struct {
		verb    engine.Verb
		summary string
	}{
		{engine.Agree, "Agree"},
		{engine.Reject, "Refuse; the approval ends (拒绝)"},
		{engine.Withdraw, "Take my own back before the end (撤回)"},
		{engine.Cancel, "Make a passed approval void (作废)"},
	} {
		name := string(v.verb)
		httpapi.Register(server, op(name+"-approval", http.MethodPost, one+"/"+name, name, v.summary),
			func(ctx context.Context, in *decideInput) (*detailOutput, error) {
				return s.do(ctx, in.ID, in.Check, Do{Verb: v.verb, Comment: in.Body.Comment})
			})
	}
	httpapi.Register(server, op("return-approval", http.MethodPost, one+"/return", "return", "Return to the submitter, or to a node before (退回)"),
		func(ctx context.Context, in *returnInput) (*detailOutput, error) {
			return s.do(ctx, in.ID, in.Check, Do{Verb: engine.Return, Comment: in.Body.Comment, Node: in.Body.To, Resume: in.Body.Resume})
		})
	httpapi.Register(server, op("transfer-approval", http.MethodPost, one+"/transfer", "transfer", "Hand what waits for me on to somebody else (转办)"),
		func(ctx context.Context, in *transferInput) (*detailOutput, error) {
			return s.do(ctx, in.ID, in.Check, Do{Verb: engine.Transfer, Comment: in.Body.Comment, To: []kernel.ID{in.Body.To}, Of: in.Body.Of})
		})
	httpapi.Register(server, op("nudge-approval", http.MethodPost, one+"/nudge", "nudge", "Ask those who are to decide to hurry (催办)"),
		func(ctx context.Context, in *idInput) (*detailOutput, error) {
			return s.do(ctx, in.ID, nil, Do{Verb: engine.Nudge})
		})
	httpapi.Register(server, op("comment-approval", http.MethodPost, one+"/comment", "comment", "Say something on the time line (评论)"),
		func(ctx context.Context, in *commentInput) (*detailOutput, error) {
			return s.do(ctx, in.ID, nil, Do{Verb: engine.Comment, Comment: in.Body.Comment})
		})
	httpapi.Register(server, op("cc-approval", http.MethodPost, one+"/cc", "copy", "Send a copy to further people (抄送)"),
		func(ctx context.Context, in *copyInput) (*detailOutput, error) {
			return s.do(ctx, in.ID, nil, Do{Verb: engine.SendCopy, Comment: in.Body.Comment, To: in.Body.To})
		})
}
