package directory

import (
	"context"
	"net/http"
	"time"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const (
	guestTag  = "guests"
	guestPath = "/guests/{id}"
)

// guestOp describes an operation on outsiders.
func guestOp(id, method, path, resource, action, summary string) httpapi.Op {
	op := write(id, method, path, guestTag, resource, action, summary)
	op.Right = GuestRight
	return op
}

type guestsInput struct {
	kernel.PageQuery
	Query        string    `query:"q" maxLength:"100" doc:"Part of the name, or of the organisation's"`
	Organisation kernel.ID `query:"organisation" format:"uuid"`
	Ended        bool      `query:"ended" doc:"Those whose access was ended instead of the others"`
}

type guestsOutput struct {
	Body kernel.Page[Guest]
}

type guestOutput struct {
	httpapi.ETagOut
	Body Guest
}

func (s *Service) guestAfter(ctx context.Context, id kernel.ID, err error) (*guestOutput, error) {
	if err != nil {
		return nil, err
	}
	guest, err := s.Guest(ctx, id)
	if err != nil {
		return nil, err
	}
	return &guestOutput{ETagOut: httpapi.Versioned(guest.Revision), Body: guest}, nil
}

type createGuestInput struct {
	Body struct {
		ID             *kernel.ID `json:"id,omitempty" format:"uuid" doc:"Chosen by the client; the same again is the same guest"`
		Name           string     `json:"name" minLength:"1" maxLength:"200"`
		Phone          string     `json:"phone,omitempty" maxLength:"100"`
		Mail           string     `json:"mail,omitempty" maxLength:"300"`
		OrganisationID kernel.ID  `json:"organisationId" format:"uuid"`
		LiaisonID      *kernel.ID `json:"liaisonId,omitempty" format:"uuid" doc:"对接人; absent: who asks"`
		Until          time.Time  `json:"until" doc:"When the access ends, at most 366 days from now"`
	}
}

func (in *createGuestInput) guest(ctx context.Context) NewGuest {
	who, _ := kernel.PrincipalFrom(ctx)
	b := in.Body
	g := NewGuest{ID: orNone(b.ID), Name: b.Name, Phone: b.Phone, Mail: b.Mail, Organisation: b.OrganisationID, Liaison: orNone(b.LiaisonID), Until: b.Until}
	if g.ID == kernel.NoID {
		g.ID = kernel.NewID()
	}
	if g.Liaison == kernel.NoID {
		g.Liaison = who.PersonID
	}
	return g
}

type editGuestInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Name           *string    `json:"name,omitempty" maxLength:"200"`
		Phone          *string    `json:"phone,omitempty" maxLength:"100" doc:"Empty: none"`
		Mail           *string    `json:"mail,omitempty" maxLength:"300" doc:"Empty: none"`
		OrganisationID *kernel.ID `json:"organisationId,omitempty" format:"uuid"`
		Until          *time.Time `json:"until,omitempty" doc:"When the access ends, at most 366 days from now"`
	}
}

func (s *Service) registerGuests(server *httpapi.Server) {
	list := guestOp("list-guests", http.MethodGet, "/guests", guestKind, "read", "Outsiders (外部人员) whom I look after")
	httpapi.Register(server, list, func(ctx context.Context, in *guestsInput) (*guestsOutput, error) {
		page, err := s.Guests(ctx, GuestFilter{Query: in.Query, Organisation: in.Organisation, Ended: in.Ended}, in.PageQuery)
		return &guestsOutput{Body: page}, err
	})
	httpapi.Register(server, guestOp("get-guest", http.MethodGet, guestPath, guestKind, "read", "One of them"),
		func(ctx context.Context, in *idInput) (*guestOutput, error) { return s.guestAfter(ctx, in.ID, nil) })
	httpapi.Register(server, guestOp("create-guest", http.MethodPost, "/guests", guestKind, "create", "Add an outsider; the invitation comes after"),
		func(ctx context.Context, in *createGuestInput) (*guestOutput, error) {
			g := in.guest(ctx)
			return s.guestAfter(ctx, g.ID, s.CreateGuest(ctx, g))
		})
	httpapi.Register(server, guestOp("edit-guest", http.MethodPatch, guestPath, guestKind, "update", "Change what is known of an outsider, or how long they have access; absent fields stay"),
		func(ctx context.Context, in *editGuestInput) (*guestOutput, error) {
			b := in.Body
			edit := GuestEdit{Name: b.Name, Phone: b.Phone, Mail: b.Mail, Organisation: b.OrganisationID, Until: b.Until}
			return s.guestAfter(ctx, in.ID, s.EditGuest(ctx, in.ID, edit, in.Check))
		})
	invite := guestOp("invite-guest", http.MethodPost, guestPath+"/invitation", guestKind, "invite", "Make a link and code for an outsider to sign in the first time, or to set a new password")
	invite.SecretReply, invite.Status = true, http.StatusCreated
	httpapi.Register(server, invite, func(ctx context.Context, in *idInput) (*guestInvitationOutput, error) {
		if err := s.rights.Can(ctx, GuestRight, guestKind, in.ID); err != nil {
			return nil, err
		}
		who, _ := kernel.PrincipalFrom(ctx)
		made, err := s.accounts.Invite(ctx, who.PersonID, in.ID)
		if err != nil {
			return nil, err
		}
		return &guestInvitationOutput{Body: *made}, nil
	})
}

type guestInvitationOutput struct {
	Body auth.Invitation
}

type liaisonInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		PersonID kernel.ID `json:"personId" format:"uuid"`
	}
}

type handOverInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		PersonID kernel.ID `json:"personId" format:"uuid" doc:"The successor"`
	}
}

type handOverOutput struct {
	Body struct {
		Guests int64 `json:"guests" doc:"How many were handed over"`
	}
}

type resumeInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Until time.Time `json:"until" doc:"When the access ends, at most 366 days from now"`
	}
}

func (s *Service) registerGuestChanges(server *httpapi.Server) {
	httpapi.Register(server, guestOp("set-liaison", http.MethodPut, guestPath+"/liaison", guestKind, "update", "Make another person the 对接人 of an outsider; whoever did it may no longer look after them"),
		func(ctx context.Context, in *liaisonInput) (*struct{}, error) {
			return nil, s.SetLiaison(ctx, in.ID, in.Body.PersonID, in.Check)
		})
	httpapi.Register(server, guestOp("hand-over-guests", http.MethodPost, personPath+"/guests/hand-over", guestKind, "update", "Name a successor for all outsiders of a person"),
		func(ctx context.Context, in *handOverInput) (*handOverOutput, error) {
			out := &handOverOutput{}
			var err error
			out.Body.Guests, err = s.HandOverGuests(ctx, in.ID, in.Body.PersonID)
			return out, err
		})
	httpapi.Register(server, guestOp("end-guest", http.MethodPost, guestPath+"/end", guestKind, "end", "End an outsider's access at once"),
		func(ctx context.Context, in *idVersionInput) (*guestOutput, error) {
			return s.guestAfter(ctx, in.ID, s.EndGuest(ctx, in.ID, in.Check))
		})
	httpapi.Register(server, guestOp("resume-guest", http.MethodPost, guestPath+"/resume", guestKind, "end", "Give an outsider access again"),
		func(ctx context.Context, in *resumeInput) (*guestOutput, error) {
			return s.guestAfter(ctx, in.ID, s.ResumeGuest(ctx, in.ID, in.Body.Until, in.Check))
		})
}

type createOrganisationInput struct {
	Body struct {
		ID   *kernel.ID       `json:"id,omitempty" format:"uuid" doc:"Chosen by the client; the same again is the same organisation"`
		Name string           `json:"name" minLength:"1" maxLength:"200"`
		Kind OrganisationKind `json:"kind" enum:"customer,supplier,partner"`
	}
}

type editOrganisationInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Name string           `json:"name" minLength:"1" maxLength:"200"`
		Kind OrganisationKind `json:"kind" enum:"customer,supplier,partner"`
	}
}

type organisationsOutput struct {
	Body struct {
		Items []Organisation `json:"items"`
	}
}

type organisationOutput struct {
	httpapi.ETagOut
	Body Organisation
}

func (s *Service) organisationAfter(ctx context.Context, id kernel.ID, err error) (*organisationOutput, error) {
	if err != nil {
		return nil, err
	}
	o, err := s.Organisation(ctx, id)
	if err != nil {
		return nil, err
	}
	return &organisationOutput{ETagOut: httpapi.Versioned(o.Revision), Body: o}, nil
}

func (s *Service) registerOrganisations(server *httpapi.Server) {
	const kind, all, one = "external-organisation", "/external-organisations", "/external-organisations/{id}"
	httpapi.Register(server, guestOp("list-organisations", http.MethodGet, all, kind, "read", "Customers, suppliers and partners"),
		func(ctx context.Context, _ *struct{}) (*organisationsOutput, error) {
			list, err := s.Organisations(ctx)
			out := &organisationsOutput{}
			out.Body.Items = list
			return out, err
		})
	httpapi.Register(server, guestOp("create-organisation", http.MethodPost, all, kind, "create", "Add a customer, supplier or partner"),
		func(ctx context.Context, in *createOrganisationInput) (*organisationOutput, error) {
			id := orNone(in.Body.ID)
			if id == kernel.NoID {
				id = kernel.NewID()
			}
			return s.organisationAfter(ctx, id, s.CreateOrganisation(ctx, id, in.Body.Name, in.Body.Kind))
		})
	httpapi.Register(server, write("edit-organisation", http.MethodPut, one, guestTag, kind, "update", "Change an organisation's name and kind"),
		func(ctx context.Context, in *editOrganisationInput) (*organisationOutput, error) {
			return s.organisationAfter(ctx, in.ID, s.EditOrganisation(ctx, in.ID, in.Body.Name, in.Body.Kind, in.Check))
		})
	httpapi.Register(server, write("close-organisation", http.MethodDelete, one, guestTag, kind, "delete", "Close an organisation of whom nobody has access"),
		func(ctx context.Context, in *idVersionInput) (*struct{}, error) {
			return nil, s.CloseOrganisation(ctx, in.ID, in.Check)
		})
}
