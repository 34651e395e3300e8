package auth

import (
	"context"
	"net/http"
	"time"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Register adds the operations and the sign-in pages.
func (s *Service) Register(server *httpapi.Server) {
	s.registerOwn(server)
	s.registerAdministration(server)
	s.registerPages(server)
}

func (s *Service) registerOwn(server *httpapi.Server) {
	const tag = "me"
	httpapi.Register(server, httpapi.Op{
		ID: "get-me", Method: http.MethodGet, Path: "/me", Summary: "Who is signed in, and where", Tag: tag,
		Action: "read", Resource: "own-account", BeforeConsent: true,
	}, s.getMe)
	httpapi.Register(server, httpapi.Op{
		ID: "update-me", Method: http.MethodPatch, Path: "/me", Summary: "Change own preferences", Tag: tag,
		Action: "update", Resource: "own-account",
	}, s.updateMe)
	httpapi.Register(server, httpapi.Op{
		ID: "change-password", Method: http.MethodPost, Path: "/me/password", Summary: "Change own password; other sessions end", Tag: tag,
		Action: "update", Resource: "own-password", Status: http.StatusNoContent, SecretReply: true,
	}, s.postPassword)
	httpapi.Register(server, httpapi.Op{
		ID: "list-sessions", Method: http.MethodGet, Path: "/sessions", Summary: "Where I am signed in", Tag: tag,
		Action: "read", Resource: "own-session",
	}, s.listSessions)
	httpapi.Register(server, httpapi.Op{
		ID: "end-session", Method: http.MethodDelete, Path: "/sessions/{id}", Summary: "Sign out one of my devices", Tag: tag,
		Action: "delete", Resource: "own-session", Status: http.StatusNoContent,
	}, s.endSession)
	httpapi.Register(server, httpapi.Op{
		ID: "end-other-sessions", Method: http.MethodDelete, Path: "/sessions", Summary: "Sign out all my other devices", Tag: tag,
		Action: "delete", Resource: "own-session", Status: http.StatusNoContent,
	}, s.endOtherSessions)
	httpapi.Register(server, httpapi.Op{
		ID: "sign-out", Method: http.MethodPost, Path: "/sign-out", Summary: "End this session", Tag: tag,
		Action: "delete", Resource: "own-session", Status: http.StatusNoContent, SecretReply: true, BeforeConsent: true,
	}, s.signOut)
}

// Me is who is signed in, and the company around.
type Me struct {
	PersonID  kernel.ID     `json:"personId"`
	Name      string        `json:"name"`
	Rights    []string      `json:"rights" doc:"What this person may do, module.action; on which rows is decided by the server"`
	External  bool          `json:"external" doc:"Belongs to a customer, supplier or partner"`
	Company   string        `json:"company"`
	Locale    kernel.Locale `json:"locale" enum:"zh-CN,en"`
	Timezone  string        `json:"timezone" example:"Asia/Shanghai"`
	Release   string        `json:"release" doc:"Of the server; another one than the page's means: load anew"`
	DataEpoch int64         `json:"dataEpoch" doc:"Grows at each restore; when it changes, drop what is cached"`

	Contact AdminContact `json:"contact" doc:"Whom to ask; fields may be empty"`

	ConsentNeeded bool `json:"consentNeeded" doc:"Must agree to the user agreement and the privacy policy at /auth/consent; all else is refused with consent_needed"`
}

// AdminContact is the company's administrator, as the platform knows them.
type AdminContact struct {
	Name  string `json:"name,omitempty"`
	Phone string `json:"phone,omitempty"`
	Mail  string `json:"mail,omitempty"`
}

type meOutput struct {
	Body Me
}

func (s *Service) getMe(ctx context.Context, _ *struct{}) (*meOutput, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	account, err := s.findAccount(ctx, who.PersonID)
	if err != nil {
		return nil, err
	}
	settings := s.settings()
	locale := settings.Locale
	if account != nil && account.Locale != "" {
		locale = account.Locale
	}
	return &meOutput{Me{
		PersonID: who.PersonID, Name: who.Name, Rights: who.Rights.List(), External: who.External, Company: settings.DisplayName,
		Locale: kernel.Locale(locale), Timezone: settings.Timezone, Release: s.release, DataEpoch: settings.DataEpoch,
		Contact: AdminContact(settings.AdminContact), ConsentNeeded: who.ConsentNeeded,
	}}, nil
}

type updateMeInput struct {
	Body struct {
		Locale kernel.Locale `json:"locale" enum:"zh-CN,en"`
	}
}

func (s *Service) updateMe(ctx context.Context, in *updateMeInput) (*meOutput, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	if err := s.setLocale(ctx, who.PersonID, in.Body.Locale); err != nil {
		return nil, err
	}
	return s.getMe(ctx, nil)
}

type passwordInput struct {
	Body struct {
		Current  string `json:"current" maxLength:"512" doc:"The password until now"`
		Password string `json:"password" maxLength:"512" doc:"The new one, 10 to 128 characters"`
	}
}

func (s *Service) postPassword(ctx context.Context, in *passwordInput) (*struct{}, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	return nil, s.changePassword(ctx, who, in.Body.Current, in.Body.Password)
}

// Session is one device on which a person is signed in.
type Session struct {
	ID        kernel.ID `json:"id"`
	Current   bool      `json:"current" doc:"The one that asks"`
	Shared    bool      `json:"shared" doc:"Started as on a shared computer: 8 hours at most"`
	UserAgent string    `json:"userAgent"`
	Address   string    `json:"address" doc:"IP address of its last use"`
	CreatedAt time.Time `json:"createdAt"`
	SeenAt    time.Time `json:"seenAt" doc:"Last use, to five minutes"`
	ExpiresAt time.Time `json:"expiresAt"`
}

type sessionsOutput struct {
	Body kernel.Page[Session]
}

func (s *Service) listSessions(ctx context.Context, _ *struct{}) (*sessionsOutput, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	rows, err := s.sessionsOf(ctx, who.PersonID)
	if err != nil {
		return nil, err
	}
	out := &sessionsOutput{kernel.Page[Session]{Items: make([]Session, 0, len(rows))}}
	for _, row := range rows {
		out.Body.Items = append(out.Body.Items, Session{
			ID: row.ID, Current: row.ID == who.SessionID, Shared: row.Shared, UserAgent: row.UserAgent,
			Address: row.Address, CreatedAt: row.CreatedAt, SeenAt: row.SeenAt, ExpiresAt: row.ExpiresAt,
		})
	}
	return out, nil
}

type idInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
}

func (s *Service) endSession(ctx context.Context, in *idInput) (*struct{}, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	found, err := s.deleteSession(ctx, who.PersonID, in.ID)
	if err == nil && !found {
		err = kernel.NotFound("session_unknown")
	}
	return nil, err
}

func (s *Service) endOtherSessions(ctx context.Context, _ *struct{}) (*struct{}, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	return nil, s.deleteSessions(ctx, who.PersonID, who.SessionID)
}

type signOutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *Service) signOut(ctx context.Context, _ *struct{}) (*signOutOutput, error) {
	who, _ := kernel.PrincipalFrom(ctx)
	if err := s.leave(ctx, who); err != nil {
		return nil, err
	}
	return &signOutOutput{*httpapi.EndedSession()}, nil
}
