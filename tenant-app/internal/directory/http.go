package directory

import (
	"context"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Register adds the directory's operations.
func (s *Service) Register(server *httpapi.Server) {
	s.registerDepartments(server)
	s.registerPositions(server)
	s.registerPeople(server)
	s.registerPosts(server)
	s.registerAvatars(server)
	s.registerGuests(server)
	s.registerGuestChanges(server)
	s.registerOrganisations(server)
}

// read and write describe operations on a kind of object.
func read(id, path, tag, resource, summary string) httpapi.Op {
	return httpapi.Op{ID: id, Method: http.MethodGet, Path: path, Tag: tag, Summary: summary, Action: "read", Resource: resource, Right: ReadRight}
}

func write(id, method, path, tag, resource, action, summary string) httpapi.Op {
	op := httpapi.Op{ID: id, Method: method, Path: path, Tag: tag, Summary: summary, Action: action, Resource: resource, Right: ManageRight}
	switch action {
	case "create":
		op.Status = http.StatusCreated
	case "delete":
		op.Status = http.StatusNoContent
	}
	return op
}

type idInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
}

type idVersionInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
}

type nameInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200"`
	}
}

type treeOutput struct {
	Body Tree
}

type departmentOutput struct {
	httpapi.ETagOut
	Body Department
}

func departmentReply(d Department, err error) (*departmentOutput, error) {
	if err != nil {
		return nil, err
	}
	return &departmentOutput{ETagOut: httpapi.Versioned(d.Revision), Body: d}, nil
}

type createDepartmentInput struct {
	Body struct {
		Name     string     `json:"name" minLength:"1" maxLength:"200"`
		ParentID *kernel.ID `json:"parentId,omitempty" format:"uuid" doc:"Absent: at the top"`
	}
}

type renameInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	nameInput
}

type moveDepartmentInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		ParentID *kernel.ID `json:"parentId,omitempty" format:"uuid" doc:"Absent: to the top"`
		Before   *kernel.ID `json:"before,omitempty" format:"uuid" doc:"Sibling to stand in front of; absent: last"`
	}
}

type headsInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		PersonIDs []kernel.ID `json:"personIds" maxItems:"20" doc:"In order, the first one leads"`
	}
}

func (s *Service) registerDepartments(server *httpapi.Server) {
	const tag, kind, one = "departments", departmentKind, "/departments/{id}"
	httpapi.Register(server, read("list-departments", "/departments", tag, kind, "The tree of departments with heads and counts"),
		func(ctx context.Context, _ *struct{}) (*treeOutput, error) {
			tree, err := s.Tree(ctx)
			return &treeOutput{Body: tree}, err
		})
	httpapi.Register(server, read("get-department", one, tag, kind, "One department"),
		func(ctx context.Context, in *idInput) (*departmentOutput, error) {
			return departmentReply(s.Department(ctx, in.ID))
		})
	httpapi.Register(server, write("create-department", http.MethodPost, "/departments", tag, kind, "create", "Add a department as the last one below another"),
		func(ctx context.Context, in *createDepartmentInput) (*departmentOutput, error) {
			return departmentReply(s.CreateDepartment(ctx, in.Body.Name, orNone(in.Body.ParentID)))
		})
	httpapi.Register(server, write("rename-department", http.MethodPatch, one, tag, kind, "update", "Change a department's name"),
		func(ctx context.Context, in *renameInput) (*departmentOutput, error) {
			return s.departmentAfter(ctx, in.ID, s.RenameDepartment(ctx, in.ID, in.Body.Name, in.Check))
		})
	httpapi.Register(server, write("move-department", http.MethodPost, one+"/move", tag, kind, "move", "Put a department under another, or among its siblings"),
		func(ctx context.Context, in *moveDepartmentInput) (*departmentOutput, error) {
			return s.departmentAfter(ctx, in.ID, s.MoveDepartment(ctx, in.ID, orNone(in.Body.ParentID), orNone(in.Body.Before), in.Check))
		})
	httpapi.Register(server, write("set-department-heads", http.MethodPut, one+"/heads", tag, kind, "update", "Name the heads (负责人) of a department in their order"),
		func(ctx context.Context, in *headsInput) (*departmentOutput, error) {
			return s.departmentAfter(ctx, in.ID, s.SetHeads(ctx, in.ID, in.Body.PersonIDs, in.Check))
		})
	httpapi.Register(server, write("delete-department", http.MethodDelete, one, tag, kind, "delete", "Close an empty department; history keeps its name"),
		func(ctx context.Context, in *idVersionInput) (*struct{}, error) {
			return nil, s.DeleteDepartment(ctx, in.ID, in.Check)
		})
}

// departmentAfter answers with a department as a change left it.
func (s *Service) departmentAfter(ctx context.Context, id kernel.ID, err error) (*departmentOutput, error) {
	if err != nil {
		return nil, err
	}
	return departmentReply(s.Department(ctx, id))
}

type positionsOutput struct {
	Body struct {
		Items []Position `json:"items"`
	}
}

type positionOutput struct {
	httpapi.ETagOut
	Body Position
}

func positionReply(p Position, err error) (*positionOutput, error) {
	if err != nil {
		return nil, err
	}
	return &positionOutput{ETagOut: httpapi.Versioned(p.Revision), Body: p}, nil
}

type movePositionInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Before *kernel.ID `json:"before,omitempty" format:"uuid" doc:"Position to stand in front of; absent: last"`
	}
}

func (s *Service) registerPositions(server *httpapi.Server) {
	const tag, kind, one = "positions", positionKind, "/positions/{id}"
	httpapi.Register(server, read("list-positions", "/positions", tag, kind, "All positions (岗位) in their order"),
		func(ctx context.Context, _ *struct{}) (*positionsOutput, error) {
			list, err := s.Positions(ctx)
			out := &positionsOutput{}
			out.Body.Items = list
			return out, err
		})
	httpapi.Register(server, write("create-position", http.MethodPost, "/positions", tag, kind, "create", "Add a position as the last one"),
		func(ctx context.Context, in *nameInput) (*positionOutput, error) {
			return positionReply(s.CreatePosition(ctx, in.Body.Name))
		})
	httpapi.Register(server, write("rename-position", http.MethodPatch, one, tag, kind, "update", "Change a position's name"),
		func(ctx context.Context, in *renameInput) (*positionOutput, error) {
			return s.positionAfter(ctx, in.ID, s.RenamePosition(ctx, in.ID, in.Body.Name, in.Check))
		})
	httpapi.Register(server, write("move-position", http.MethodPost, one+"/move", tag, kind, "move", "Change a position's place in the list"),
		func(ctx context.Context, in *movePositionInput) (*positionOutput, error) {
			return s.positionAfter(ctx, in.ID, s.MovePosition(ctx, in.ID, orNone(in.Body.Before), in.Check))
		})
	httpapi.Register(server, write("delete-position", http.MethodDelete, one, tag, kind, "delete", "Close a position that nobody holds; history keeps its name"),
		func(ctx context.Context, in *idVersionInput) (*struct{}, error) {
			return nil, s.DeletePosition(ctx, in.ID, in.Check)
		})
}

func (s *Service) positionAfter(ctx context.Context, id kernel.ID, err error) (*positionOutput, error) {
	if err != nil {
		return nil, err
	}
	return positionReply(s.Position(ctx, id))
}

func orNone(id *kernel.ID) kernel.ID {
	if id == nil {
		return kernel.NoID
	}
	return *id
}
