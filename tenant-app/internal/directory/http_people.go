package directory

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/go-chi/chi/v5"
)

const (
	peopleTag  = "people"
	personKind = "person"

	departmentKind = "department"
	positionKind   = "position"

	personPath = "/people/{id}"
)

type listInput struct {
	kernel.PageQuery
	Query      string    `query:"q" maxLength:"100" doc:"Name, pinyin (zhangwei), initials (zw), phone number or its last digits, staff number or mail"`
	Department kernel.ID `query:"department" format:"uuid"`
	Below      bool      `query:"below" doc:"With department: also the departments below it"`
	Unassigned bool      `query:"unassigned" doc:"Only people without a department"`
	Position   kernel.ID `query:"position" format:"uuid"`
	Status     Status    `query:"status" enum:"active,deactivated" default:"active"`
}

type listOutput struct {
	Body kernel.Page[Person]
}

type personOutput struct {
	httpapi.ETagOut
	Body PersonDetail
}

func personReply(d PersonDetail, err error) (*personOutput, error) {
	if err != nil {
		return nil, err
	}
	return &personOutput{ETagOut: httpapi.Versioned(d.Revision), Body: d}, nil
}

// personAfter answers with a person as a change left them.
func (s *Service) personAfter(ctx context.Context, id kernel.ID, err error) (*personOutput, error) {
	if err != nil {
		return nil, err
	}
	return personReply(s.Get(ctx, id))
}

type postInput struct {
	DepartmentID kernel.ID  `json:"departmentId" format:"uuid"`
	PositionID   *kernel.ID `json:"positionId,omitempty" format:"uuid"`
}

func placements(posts []postInput) []Placement {
	out := make([]Placement, len(posts))
	for i, p := range posts {
		out[i] = Placement{DepartmentID: p.DepartmentID, PositionID: orNone(p.PositionID)}
	}
	return out
}

type createPersonInput struct {
	Body struct {
		Name      string      `json:"name" minLength:"1" maxLength:"200"`
		StaffNo   string      `json:"staffNo,omitempty" maxLength:"100" doc:"工号"`
		Phone     string      `json:"phone,omitempty" maxLength:"100"`
		Mail      string      `json:"mail,omitempty" maxLength:"300"`
		HiredOn   string      `json:"hiredOn,omitempty" maxLength:"10" doc:"入职日期, YYYY-MM-DD"`
		ManagerID *kernel.ID  `json:"managerId,omitempty" format:"uuid" doc:"直属上级"`
		Sort      int         `json:"sort,omitempty" minimum:"0" maximum:"1000000" doc:"显示顺序; 1000 if absent"`
		Posts     []postInput `json:"posts,omitempty" maxItems:"20" doc:"Departments, the first one is the primary"`
	}
}

type editPersonInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Name      *string `json:"name,omitempty" maxLength:"200"`
		StaffNo   *string `json:"staffNo,omitempty" maxLength:"100" doc:"Empty: none"`
		Phone     *string `json:"phone,omitempty" maxLength:"100" doc:"Empty: none"`
		Mail      *string `json:"mail,omitempty" maxLength:"300" doc:"Empty: none"`
		HiredOn   *string `json:"hiredOn,omitempty" maxLength:"10" doc:"Empty: unknown"`
		ManagerID *string `json:"managerId,omitempty" maxLength:"36" doc:"Empty: none"`
		Sort      *int    `json:"sort,omitempty" minimum:"1" maximum:"1000000"`
	}
}

// change gives the profile with what the body holds; fields that it does not hold stay.
func (in *editPersonInput) change(manager kernel.ID) func(Profile) Profile {
	return func(p Profile) Profile {
		for field, value := range map[*string]*string{
			&p.Name: in.Body.Name, &p.StaffNo: in.Body.StaffNo, &p.Phone: in.Body.Phone, &p.Mail: in.Body.Mail, &p.HiredOn: in.Body.HiredOn,
		} {
			if value != nil {
				*field = *value
			}
		}
		if in.Body.ManagerID != nil {
			p.ManagerID = manager
		}
		if in.Body.Sort != nil {
			p.Sort = *in.Body.Sort
		}
		return p
	}
}

func (in *editPersonInput) manager() (kernel.ID, error) {
	if in.Body.ManagerID == nil || *in.Body.ManagerID == "" {
		return kernel.NoID, nil
	}
	id, err := kernel.ParseID(*in.Body.ManagerID)
	if err != nil {
		return id, kernel.Invalid("person_unknown").OnField("body.managerId")
	}
	return id, nil
}

func (s *Service) registerPeople(server *httpapi.Server) {
	httpapi.Register(server, read("list-people", "/people", peopleTag, personKind, "People of the company or a department, or those that a search finds"), s.listPeople)
	httpapi.Register(server, read("get-person", personPath, peopleTag, personKind, "Everything about a person, with their history"),
		func(ctx context.Context, in *idInput) (*personOutput, error) { return personReply(s.Get(ctx, in.ID)) })
	httpapi.Register(server, write("create-person", http.MethodPost, "/people", peopleTag, personKind, "create", "Add a person"),
		func(ctx context.Context, in *createPersonInput) (*personOutput, error) {
			b := in.Body
			profile := Profile{Name: b.Name, StaffNo: b.StaffNo, Phone: b.Phone, Mail: b.Mail, HiredOn: b.HiredOn, ManagerID: orNone(b.ManagerID), Sort: b.Sort}
			return personReply(s.Create(ctx, profile, placements(b.Posts)))
		})
	httpapi.Register(server, write("edit-person", http.MethodPatch, personPath, peopleTag, personKind, "update", "Change what is known of a person; absent fields stay"),
		func(ctx context.Context, in *editPersonInput) (*personOutput, error) {
			manager, err := in.manager()
			if err != nil {
				return nil, err
			}
			return s.personAfter(ctx, in.ID, s.Edit(ctx, in.ID, in.Check, in.change(manager)))
		})
}

func (s *Service) listPeople(ctx context.Context, in *listInput) (*listOutput, error) {
	page, err := s.List(ctx, Filter{
		Query: in.Query, Department: in.Department, Below: in.Below, Unassigned: in.Unassigned,
		Position: in.Position, Deactivated: in.Status == Deactivated,
	}, in.PageQuery)
	return &listOutput{Body: page}, err
}

type movePersonInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Posts []postInput `json:"posts" maxItems:"20" doc:"All departments from now on, the first one is the primary; empty: none"`
	}
}

func (s *Service) registerPosts(server *httpapi.Server) {
	httpapi.Register(server, write("move-person", http.MethodPut, personPath+"/posts", peopleTag, personKind, "move", "Set a person's departments and positions from now on; the past is kept"),
		func(ctx context.Context, in *movePersonInput) (*personOutput, error) {
			return s.personAfter(ctx, in.ID, s.Move(ctx, in.ID, placements(in.Body.Posts), in.Check))
		})
	httpapi.Register(server, write("deactivate-person", http.MethodPost, personPath+"/deactivate", peopleTag, personKind, "deactivate", "Sign a person out everywhere, for good"),
		func(ctx context.Context, in *idVersionInput) (*personOutput, error) {
			return s.personAfter(ctx, in.ID, s.Deactivate(ctx, in.ID, in.Check))
		})
	httpapi.Register(server, write("reactivate-person", http.MethodPost, personPath+"/reactivate", peopleTag, personKind, "deactivate", "Take a person back, into the departments they left"),
		func(ctx context.Context, in *idVersionInput) (*personOutput, error) {
			return s.personAfter(ctx, in.ID, s.Reactivate(ctx, in.ID, in.Check))
		})
}

type avatarInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	RawBody []byte `contentType:"application/octet-stream"`
}

func (s *Service) registerAvatars(server *httpapi.Server) {
	put := write("set-avatar", http.MethodPut, personPath+"/avatar", peopleTag, personKind, "update", "Set a person's picture: a PNG or JPEG of at most 2 MB as the body")
	put.MaxBody = MaxAvatarBytes
	put.Right = ReadRight
	httpapi.Register(server, put, func(ctx context.Context, in *avatarInput) (*personOutput, error) {
		if err := s.mayPicture(ctx, in.ID); err != nil {
			return nil, err
		}
		return s.personAfter(ctx, in.ID, s.SetAvatar(ctx, in.ID, in.RawBody, in.Check))
	})
	remove := write("remove-avatar", http.MethodDelete, personPath+"/avatar", peopleTag, personKind, "update", "Go back to the last two characters of the name")
	remove.Right = ReadRight
	httpapi.Register(server, remove, func(ctx context.Context, in *idVersionInput) (*personOutput, error) {
		if err := s.mayPicture(ctx, in.ID); err != nil {
			return nil, err
		}
		return s.personAfter(ctx, in.ID, s.RemoveAvatar(ctx, in.ID, in.Check))
	})
	server.Router.Get("/files/avatars/{person}/{name}", s.serveAvatar)
}

// mayPicture lets people choose their own picture, and others who manage people.
func (s *Service) mayPicture(ctx context.Context, person kernel.ID) error {
	if who, _ := kernel.PrincipalFrom(ctx); who.PersonID == person {
		return nil
	}
	if err := s.rights.Can(ctx, ReadRight, personKind, person); err != nil {
		return err
	}
	return s.rights.May(ctx, ManageRight)
}

// serveAvatar streams a picture to people who may see the person. Its name changes
// with its content, so browsers keep it.
func (s *Service) serveAvatar(w http.ResponseWriter, r *http.Request) {
	if _, ok := kernel.PrincipalFrom(r.Context()); !ok {
		httpapi.WriteProblem(w, r, kernel.Unauthorized("not_signed_in"))
		return
	}
	person, err := kernel.ParseID(chi.URLParam(r, "person"))
	if err != nil {
		httpapi.WriteProblem(w, r, kernel.NotFound("picture_unknown"))
		return
	}
	name := chi.URLParam(r, "name")
	if !avatarName.MatchString(name) {
		httpapi.WriteProblem(w, r, kernel.NotFound("picture_unknown"))
		return
	}
	if err := s.rights.Can(r.Context(), ReadRight, personKind, person); err != nil {
		httpapi.WriteProblem(w, r, kernel.NotFound("picture_unknown").Because(err))
		return
	}
	picture, info, err := s.pictures.Get(r.Context(), avatarKey(person, name))
	if err != nil {
		httpapi.WriteProblem(w, r, err)
		return
	}
	defer func() { _ = picture.Close() }()
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.FormatInt(info.Size, 10))
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	if _, err := io.Copy(w, picture); err != nil && !errors.Is(err, context.Canceled) {
		panic(http.ErrAbortHandler) // half a picture must not look whole
	}
}
