package chat

import (
	"context"
	"net/http"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const (
	roomsTag, roomKind       = "rooms", "room"
	messagesTag, messageKind = "messages", "message"
	roomPath, messagePath    = "/rooms/{id}", "/messages/{id}"
)

// Register adds the operations of chat. Rooms know membership only: whoever belongs to
// one sees it, for everybody else it does not exist.
func (s *Service) Register(server *httpapi.Server) {
	s.registerRooms(server)
	s.registerMembers(server)
	s.registerOwn(server)
	s.registerMessages(server)
	s.registerChanges(server)
	s.registerReceipts(server)
}

func op(id, method, path, tag, resource, action, summary string) httpapi.Op {
	o := httpapi.Op{
		ID: id, Method: method, Path: path, Tag: tag, Summary: summary, Action: action, Resource: resource, Right: UseRight,
		// Ids are the client's and states are set, so a repeat finds what the first made.
		Repeatable: method != http.MethodGet,
	}
	if strings.HasPrefix(resource, "own-") {
		o.Right = ""
	}
	if action == "create" {
		o.Status = http.StatusCreated
	}
	return o
}

// silent is op without a body in the answer.
func silent(id, method, path, tag, resource, action, summary string) httpapi.Op {
	o := op(id, method, path, tag, resource, action, summary)
	o.Status = http.StatusNoContent
	return o
}

type idInput struct {
	ID kernel.ID `path:"id" format:"uuid"`
}

type roomOutput struct{ Body Room }

func roomReply(room Room, err error) (*roomOutput, error) {
	if err != nil {
		return nil, err
	}
	return &roomOutput{room}, nil
}

// roomAfter answers with a room as a change left it.
func (s *Service) roomAfter(ctx context.Context, id kernel.ID, err error) (*roomOutput, error) {
	if err != nil {
		return nil, err
	}
	return roomReply(s.Room(ctx, id))
}

type messageOutput struct{ Body Message }

func messageReply(m Message, err error) (*messageOutput, error) {
	if err != nil {
		return nil, err
	}
	return &messageOutput{m}, nil
}

type roomsInput struct{ kernel.PageQuery }

type roomsOutput struct{ Body kernel.Page[Room] }

type createRoomInput struct {
	Body struct {
		ID           kernel.ID   `json:"id" format:"uuid" doc:"Made by the client; a repeat gives the same room"`
		Kind         RoomKind    `json:"kind" enum:"direct,group,department,self"`
		Name         string      `json:"name,omitempty" maxLength:"400" doc:"Of a group; absent: the names of its first members"`
		MemberIDs    []kernel.ID `json:"memberIds,omitempty" maxItems:"2000" doc:"Others than oneself"`
		DepartmentID *kernel.ID  `json:"departmentId,omitempty" format:"uuid" doc:"Of a department's room"`
	}
}

type changeRoomInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		Name   *string `json:"name,omitempty" maxLength:"400"`
		Notice *string `json:"notice,omitempty" maxLength:"20000" doc:"群公告; empty takes it away"`
	}
}

func (s *Service) registerRooms(server *httpapi.Server) {
	httpapi.Register(server, op("list-rooms", http.MethodGet, "/rooms", roomsTag, roomKind, "read", "My rooms: the pinned ones first, then by their last message"),
		func(ctx context.Context, in *roomsInput) (*roomsOutput, error) {
			page, err := s.Rooms(ctx, in.PageQuery)
			return &roomsOutput{page}, err
		})
	httpapi.Register(server, op("get-room", http.MethodGet, roomPath, roomsTag, roomKind, "read", "A room with its notice and its first members"),
		func(ctx context.Context, in *idInput) (*roomOutput, error) { return roomReply(s.Room(ctx, in.ID)) })
	httpapi.Register(server, op("create-room", http.MethodPost, "/rooms", roomsTag, roomKind, "create", "Begin a room; of two persons, a department and oneself there is one, which is given"),
		func(ctx context.Context, in *createRoomInput) (*roomOutput, error) {
			room := NewRoom{ID: in.Body.ID, Kind: in.Body.Kind, Name: in.Body.Name, Members: in.Body.MemberIDs}
			if in.Body.DepartmentID != nil {
				room.DepartmentID = *in.Body.DepartmentID
			}
			return roomReply(s.Create(ctx, room))
		})
	httpapi.Register(server, op("change-room", http.MethodPatch, roomPath, roomsTag, roomKind, "update", "Rename a group or write the notice (群公告) of a room"),
		func(ctx context.Context, in *changeRoomInput) (*roomOutput, error) {
			return roomReply(s.ChangeRoom(ctx, in.ID, Change{Name: in.Body.Name, Notice: in.Body.Notice}))
		})
}

type membersInput struct {
	ID    kernel.ID `path:"id" format:"uuid"`
	Query string    `query:"q" maxLength:"200" doc:"Name, pinyin or initials"`
	kernel.PageQuery
}

type membersOutput struct{ Body kernel.Page[RoomMember] }

type inviteInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		PersonIDs []kernel.ID `json:"personIds" minItems:"1" maxItems:"2000"`
	}
}

type memberInput struct {
	ID     kernel.ID `path:"id" format:"uuid"`
	Person kernel.ID `path:"person" format:"uuid"`
}

type ownerInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		PersonID kernel.ID `json:"personId" format:"uuid"`
	}
}

func (s *Service) registerMembers(server *httpapi.Server) {
	const members = roomPath + "/members"
	httpapi.Register(server, op("list-members", http.MethodGet, members, roomsTag, "room-member", "read", "Who belongs to a room: the owner first"),
		func(ctx context.Context, in *membersInput) (*membersOutput, error) {
			page, err := s.Members(ctx, in.ID, in.Query, in.PageQuery)
			return &membersOutput{page}, err
		})
	httpapi.Register(server, op("invite-members", http.MethodPost, members, roomsTag, "room-member", "update", "Let people into a group"),
		func(ctx context.Context, in *inviteInput) (*roomOutput, error) {
			return s.roomAfter(ctx, in.ID, s.Invite(ctx, in.ID, in.Body.PersonIDs))
		})
	httpapi.Register(server, silent("remove-member", http.MethodDelete, members+"/{person}", roomsTag, "room-member", "delete", "Take somebody out of a group, or leave it oneself"),
		func(ctx context.Context, in *memberInput) (*struct{}, error) {
			return nil, s.Remove(ctx, in.ID, in.Person)
		})
	httpapi.Register(server, op("give-room", http.MethodPost, roomPath+"/owner", roomsTag, roomKind, "update", "Make another member the owner of a group"),
		func(ctx context.Context, in *ownerInput) (*roomOutput, error) {
			return s.roomAfter(ctx, in.ID, s.GiveTo(ctx, in.ID, in.Body.PersonID))
		})
}

type readInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		Seq    int64      `json:"seq" minimum:"0"`
		Thread *kernel.ID `json:"thread,omitempty" format:"uuid" doc:"First message of a thread, whose cursor moves instead"`
	}
}

type settingsInput struct {
	ID   kernel.ID `path:"id" format:"uuid"`
	Body struct {
		Pinned bool `json:"pinned"`
		Muted  bool `json:"muted"`
	}
}

type laterInput struct{ kernel.PageQuery }

type foundOutput struct{ Body kernel.Page[FoundMessage] }

func (s *Service) registerOwn(server *httpapi.Server) {
	httpapi.Register(server, silent("read-room", http.MethodPost, roomPath+"/read", roomsTag, "own-cursor", "update", "Move my cursor in a room or a thread forward"),
		func(ctx context.Context, in *readInput) (*struct{}, error) {
			thread := kernel.NoID
			if in.Body.Thread != nil {
				thread = *in.Body.Thread
			}
			return nil, s.Read(ctx, in.ID, in.Body.Seq, thread)
		})
	httpapi.Register(server, op("set-room", http.MethodPut, roomPath+"/settings", roomsTag, "own-cursor", "update", "Pin or mute a room for myself"),
		func(ctx context.Context, in *settingsInput) (*roomOutput, error) {
			return s.roomAfter(ctx, in.ID, s.Set(ctx, in.ID, Settings{Pinned: in.Body.Pinned, Muted: in.Body.Muted}))
		})
	httpapi.Register(server, op("list-later", http.MethodGet, "/later", messagesTag, "own-later", "read", "Messages that I put aside (稍后处理)"),
		func(ctx context.Context, in *laterInput) (*foundOutput, error) {
			page, err := s.Later(ctx, in.PageQuery)
			return &foundOutput{page}, err
		})
	for _, on := range []bool{true, false} {
		method, id, action, summary := http.MethodPut, "put-aside", "update", "Put a message aside"
		if !on {
			method, id, action, summary = http.MethodDelete, "take-up", "delete", "Take a message off the list of those put aside"
		}
		httpapi.Register(server, silent(id, method, "/later/{id}", messagesTag, "own-later", action, summary),
			func(ctx context.Context, in *idInput) (*struct{}, error) { return nil, s.PutAside(ctx, in.ID, on) })
	}
	httpapi.Register(server, op("list-urgent", http.MethodGet, "/urgent", messagesTag, messageKind, "read", "Urgent messages that I have not acknowledged; at most fifty"),
		func(ctx context.Context, _ *struct{}) (*foundOutput, error) {
			items, err := s.Pending(ctx)
			return &foundOutput{kernel.Page[FoundMessage]{Items: items}}, err
		})
}
