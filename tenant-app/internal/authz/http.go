package authz

import (
	"context"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const (
	tag      = "rights"
	rolePath = "/roles/{id}"
)

// Register adds the operations on roles, grants and reasons.
func (s *Service) Register(server *httpapi.Server) {
	s.registerRoles(server)
	s.registerGrants(server)
	s.registerReasons(server)
}

func op(id, method, path, action, resource, right, summary string) httpapi.Op {
	made := httpapi.Op{ID: id, Method: method, Path: path, Tag: tag, Summary: summary, Action: action, Resource: resource, Right: right}
	switch method {
	case http.MethodPost:
		made.Status = http.StatusCreated
	case http.MethodDelete:
		made.Status = http.StatusNoContent
	}
	return made
}

// CatalogueRight describes a right to those who edit roles.
type CatalogueRight struct {
	Right   string   `json:"right" example:"directory.read"`
	Scopes  []Scope  `json:"scopes" doc:"That can be chosen, narrowest first; empty: it is given or not (scope all)"`
	Fields  []string `json:"fields" doc:"That can be masked"`
	Outside bool     `json:"outside" doc:"Outsiders can have it, with scopes self and part"`
	Kinds   []string `json:"kinds" doc:"Objects that can be asked about"`
}

type rolesOutput struct {
	Body struct {
		Rights []CatalogueRight `json:"rights"`
		Items  []Role           `json:"items"`
	}
}

type roleOutput struct {
	httpapi.ETagOut
	Body Role
}

func (s *Service) roleAfter(ctx context.Context, id kernel.ID, err error) (*roleOutput, error) {
	if err != nil {
		return nil, err
	}
	role, err := s.Role(ctx, id)
	if err != nil {
		return nil, err
	}
	return &roleOutput{ETagOut: httpapi.Versioned(role.Revision), Body: role}, nil
}

type idInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
}

type idVersionInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
}

type createRoleInput struct {
	Body struct {
		ID       *kernel.ID `json:"id,omitempty" format:"uuid" doc:"Chosen by the client; the same again is the same role"`
		Name     string     `json:"name" minLength:"1" maxLength:"200"`
		External bool       `json:"external,omitempty" doc:"For outsiders"`
	}
}

type renameRoleInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200"`
	}
}

type rightsInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
	httpapi.IfMatchIn
	Body struct {
		Rights []RoleRight `json:"rights" maxItems:"200" doc:"All that the role gives from now on"`
	}
}

func (s *Service) registerRoles(server *httpapi.Server) {
	httpapi.Register(server, op("list-roles", http.MethodGet, "/roles", "read", "role", RightsRead, "All roles with what they give and to whom, and the catalogue of rights"),
		func(ctx context.Context, _ *struct{}) (*rolesOutput, error) {
			roles, err := s.Roles(ctx)
			out := &rolesOutput{}
			out.Body.Items, out.Body.Rights = roles, s.catalogue()
			return out, err
		})
	httpapi.Register(server, op("get-role", http.MethodGet, rolePath, "read", "role", RightsRead, "One role"),
		func(ctx context.Context, in *idInput) (*roleOutput, error) { return s.roleAfter(ctx, in.ID, nil) })
	httpapi.Register(server, op("create-role", http.MethodPost, "/roles", "create", "role", RightsManage, "Add a role that gives nothing yet"),
		func(ctx context.Context, in *createRoleInput) (*roleOutput, error) {
			id := kernel.NewID()
			if in.Body.ID != nil {
				id = *in.Body.ID
			}
			_, err := s.CreateRole(ctx, id, in.Body.Name, in.Body.External)
			return s.roleAfter(ctx, id, err)
		})
	httpapi.Register(server, op("rename-role", http.MethodPatch, rolePath, "update", "role", RightsManage, "Change the name of a company's own role"),
		func(ctx context.Context, in *renameRoleInput) (*roleOutput, error) {
			return s.roleAfter(ctx, in.ID, s.RenameRole(ctx, in.ID, in.Body.Name, in.Check))
		})
	httpapi.Register(server, op("set-role-rights", http.MethodPut, rolePath+"/rights", "update", "role", RightsManage, "Say what a role gives"),
		func(ctx context.Context, in *rightsInput) (*roleOutput, error) {
			return s.roleAfter(ctx, in.ID, s.SetRights(ctx, in.ID, in.Body.Rights, in.Check))
		})
	httpapi.Register(server, op("delete-role", http.MethodDelete, rolePath, "delete", "role", RightsManage, "Take a company's own role from all who have it"),
		func(ctx context.Context, in *idVersionInput) (*struct{}, error) {
			return nil, s.DeleteRole(ctx, in.ID, in.Check)
		})
}

func (s *Service) catalogue() []CatalogueRight {
	out := make([]CatalogueRight, len(s.rights))
	for i, right := range s.rights {
		out[i] = CatalogueRight{
			Right: right.Name, Scopes: append([]Scope{}, right.Scopes...), Fields: append([]string{}, right.Fields...),
			Outside: right.Outside, Kinds: append([]string{}, right.Kinds...),
		}
	}
	return out
}

type grantInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		ID   *kernel.ID  `json:"id,omitempty" format:"uuid" doc:"Chosen by the client"`
		Kind GranteeKind `json:"kind" enum:"person,department,position,heads,staff,customers,suppliers,partners"`
		To   *kernel.ID  `json:"to,omitempty" format:"uuid" doc:"Absent for groups"`
	}
}

type withdrawInput struct {
	ID    kernel.ID `path:"id" format:"uuid"`
	Grant kernel.ID `path:"grant" format:"uuid"`
}

type objectInput struct {
	Body ObjectRight
}

type objectOutput struct {
	Body ObjectRight
}

func (s *Service) registerGrants(server *httpapi.Server) {
	httpapi.Register(server, op("grant-role", http.MethodPost, rolePath+"/grants", "grant", "role", RightsManage, "Give a role to a person, department, position or group"),
		func(ctx context.Context, in *grantInput) (*roleOutput, error) {
			id, to := kernel.NewID(), kernel.NoID
			if in.Body.ID != nil {
				id = *in.Body.ID
			}
			if in.Body.To != nil {
				to = *in.Body.To
			}
			return s.roleAfter(ctx, in.ID, s.Grant(ctx, id, in.ID, in.Body.Kind, to))
		})
	httpapi.Register(server, op("withdraw-role", http.MethodDelete, rolePath+"/grants/{grant}", "grant", "role", RightsManage, "Take a role back"),
		func(ctx context.Context, in *withdrawInput) (*struct{}, error) {
			return nil, s.Withdraw(ctx, in.ID, in.Grant)
		})
	httpapi.Register(server, op("give-object", http.MethodPost, "/object-rights", "create", "object-right", RightsManage, "Give one object to someone, beyond the scopes of their roles"),
		func(ctx context.Context, in *objectInput) (*objectOutput, error) {
			return &objectOutput{Body: in.Body}, s.GiveObject(ctx, in.Body)
		})
	httpapi.Register(server, op("take-object", http.MethodDelete, "/object-rights/{id}", "delete", "object-right", RightsManage, "Take an object back"),
		func(ctx context.Context, in *idInput) (*struct{}, error) { return nil, s.TakeObject(ctx, in.ID) })
}

type reasonsOutput struct {
	Body struct {
		Items []Reason `json:"items"`
	}
}

type explainInput struct {
	ID     kernel.ID `path:"id" format:"uuid"`
	Right  string    `query:"right" required:"true" maxLength:"100"`
	Kind   string    `query:"kind" required:"true" maxLength:"100"`
	Object kernel.ID `query:"object" required:"true" format:"uuid"`
}

type explainOutput struct {
	Body Explanation
}

func (s *Service) registerReasons(server *httpapi.Server) {
	httpapi.Register(server, op("list-rights-of-person", http.MethodGet, "/people/{id}/rights", "read", "rights-of-person", RightsRead, "What a person may do, and by which grants"),
		func(ctx context.Context, in *idInput) (*reasonsOutput, error) {
			list, err := s.Holdings(ctx, in.ID)
			out := &reasonsOutput{}
			out.Body.Items = list
			return out, err
		})
	httpapi.Register(server, op("explain-right", http.MethodGet, "/people/{id}/rights/explain", "read", "rights-of-person", RightsRead, "Why a person can, or cannot, see or do something with an object (为什么能看到)"),
		func(ctx context.Context, in *explainInput) (*explainOutput, error) {
			out, err := s.Explain(ctx, in.ID, in.Right, in.Kind, in.Object)
			return &explainOutput{Body: out}, err
		})
}
