package auth

import (
	"context"
	"net/http"
	"time"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// ManageRight is to invite people, to reset passwords and to end sessions.
const ManageRight = "account.manage"

// Rights of signing in.
var Rights = []authz.Right{
	{Name: ManageRight, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.SystemAdministrator: authz.ScopeAll}},
}

func (s *Service) registerAdministration(server *httpapi.Server) {
	const tag = "accounts"
	httpapi.Register(server, httpapi.Op{
		ID: "get-account", Method: http.MethodGet, Path: "/people/{id}/account", Summary: "Whether and how a person can sign in", Tag: tag,
		Action: "read", Resource: "account", Right: ManageRight,
	}, s.getAccount)
	httpapi.Register(server, httpapi.Op{
		ID: "invite-person", Method: http.MethodPost, Path: "/people/{id}/invitation", Tag: tag,
		Summary: "Make a link and code to activate an account or to set a new password; an earlier one stops working",
		Action:  "invite", Resource: "account", Right: ManageRight, Status: http.StatusCreated, SecretReply: true,
	}, s.postInvitation)
	httpapi.Register(server, httpapi.Op{
		ID: "withdraw-invitation", Method: http.MethodDelete, Path: "/people/{id}/invitation", Summary: "Make an open link and code worthless", Tag: tag,
		Action: "invite", Resource: "account", Right: ManageRight, Status: http.StatusNoContent,
	}, s.withdrawInvitation)
	httpapi.Register(server, httpapi.Op{
		ID: "end-sessions-of-person", Method: http.MethodDelete, Path: "/people/{id}/sessions", Summary: "Sign a person out everywhere", Tag: tag,
		Action: "delete", Resource: "session", Right: ManageRight, Status: http.StatusNoContent,
	}, s.endSessionsOf)
	httpapi.Register(server, httpapi.Op{
		ID: "set-administrator", Method: http.MethodPut, Path: "/people/{id}/administrator", Summary: "Give or take the administration of the company", Tag: tag,
		Action: "update", Resource: "administrator", Right: authz.RightsManage,
	}, s.putAdministrator)
}

// Account is how far a person is with signing in.
type Account struct {
	State           AccountState `json:"state" enum:"none,invited,active"`
	Administrator   bool         `json:"administrator"`
	InvitationUntil *time.Time   `json:"invitationUntil,omitempty" doc:"End of the open invitation or reset code"`
	PasswordSince   *time.Time   `json:"passwordSince,omitempty"`
	SessionsNow     int          `json:"sessionsNow" doc:"Devices that are signed in"`
	LastUse         *time.Time   `json:"lastUse,omitempty" doc:"Of those devices, to five minutes"`
}

type accountOutput struct {
	Body Account
}

func (s *Service) getAccount(ctx context.Context, in *idInput) (*accountOutput, error) {
	if _, err := s.people.PersonByID(ctx, in.ID); err != nil {
		return nil, err
	}
	administrator, err := s.rights.IsAdministrator(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &accountOutput{Account{State: StateNone, Administrator: administrator}}
	row, err := s.findAccount(ctx, in.ID)
	if err != nil || row == nil {
		return out, err
	}
	open, err := s.invitationOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	sessions, err := s.sessionsOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out.Body.PasswordSince, out.Body.SessionsNow = row.PasswordChangedAt, len(sessions)
	if len(sessions) > 0 {
		out.Body.LastUse = &sessions[0].SeenAt
	}
	if open != nil {
		out.Body.State, out.Body.InvitationUntil = StateInvited, &open.ExpiresAt
	}
	if row.PasswordHash != "" {
		out.Body.State = StateActive
	}
	return out, nil
}

type invitationOutput struct {
	Body Invitation
}

func (s *Service) postInvitation(ctx context.Context, in *idInput) (*invitationOutput, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	made, err := s.Invite(ctx, who.PersonID, in.ID)
	if err != nil {
		return nil, err
	}
	return &invitationOutput{*made}, nil
}

func (s *Service) withdrawInvitation(ctx context.Context, in *idInput) (*struct{}, error) {
	if err := s.deleteInvitation(ctx, in.ID); err != nil {
		return nil, err
	}
	return nil, s.audit.Write(ctx, "invitation_withdrawn", in.ID, nil)
}

func (s *Service) endSessionsOf(ctx context.Context, in *idInput) (*struct{}, error) {
	if err := s.deleteSessions(ctx, in.ID, kernel.NoID); err != nil {
		return nil, err
	}
	return nil, s.audit.Write(ctx, "sessions_ended", in.ID, nil)
}

type administratorInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		Administrator bool `json:"administrator"`
	}
}

func (s *Service) putAdministrator(ctx context.Context, in *administratorInput) (*accountOutput, error) {
	if err := s.makeAdministrator(ctx, in.ID, in.Body.Administrator); err != nil {
		return nil, err
	}
	return s.getAccount(ctx, &idInput{ID: in.ID})
}
