package notify

import (
	"context"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

type channelsOutput struct {
	Body struct {
		Items   []Channel `json:"items"`
		PushKey string    `json:"pushKey" doc:"applicationServerKey of push subscriptions; empty: the company cannot push now"`
		Quiet
	}
}

type kindInput struct {
	Kind string `path:"kind" enum:"push,wecom,dingtalk,feishu,mail,sms"`
}

type tryInput struct {
	Kind string `path:"kind" enum:"push,wecom,dingtalk,feishu,mail,sms"`
	Body struct {
		Address string `json:"address,omitempty" maxLength:"254" doc:"Mail address, phone number or id there; not of push"`
	}
}

type confirmInput struct {
	Kind string `path:"kind" enum:"push,wecom,dingtalk,feishu,mail,sms"`
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"20"`
	}
}

type quietInput struct{ Body Quiet }

type subscriptionInput struct{ Body Subscription }

type forgetInput struct {
	Body struct {
		Endpoint string `json:"endpoint" maxLength:"2000"`
	}
}

type sendersInput struct{ Body Senders }

type sendersOutput struct{ Body Senders }

const tag = "notices"

// ManageRight is to say through whom the company calls people.
const ManageRight = "notice.manage"

// Rights are what roles can give on notices.
var Rights = []authz.Right{
	{Name: ManageRight, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.SystemAdministrator: authz.ScopeAll}},
}

func person(ctx context.Context) kernel.Principal {
	who, _ := kernel.PrincipalFrom(ctx) // operations are for people who signed in
	return who
}

func own(id, method, path, action, summary string) httpapi.Op {
	return httpapi.Op{ID: id, Method: method, Path: path, Tag: tag, Summary: summary, Action: action, Resource: "own-channel"}
}

func silent(op httpapi.Op) httpapi.Op {
	op.Status = http.StatusNoContent
	return op
}

// Register adds the operations.
func (s *Service) Register(server *httpapi.Server) {
	s.registerChannels(server)
	s.registerBrowsers(server)
	s.registerSenders(server)
}

func (s *Service) registerSenders(server *httpapi.Server) {
	const path, kind = "/notice-senders", "notice-sender"
	httpapi.Register(server, httpapi.Op{
		ID: "get-notice-senders", Method: http.MethodGet, Path: path, Tag: tag, Action: "read", Resource: kind, Right: ManageRight,
		Summary: "The company's ways to call people, without their secrets",
	}, func(ctx context.Context, _ *struct{}) (*sendersOutput, error) {
		out, err := s.Senders(ctx)
		return &sendersOutput{out}, err
	})
	httpapi.Register(server, httpapi.Op{
		ID: "set-notice-senders", Method: http.MethodPut, Path: path, Tag: tag, Action: "update", Resource: kind, Right: ManageRight,
		Summary: "Change the company's ways to call people",
	}, func(ctx context.Context, in *sendersInput) (*sendersOutput, error) {
		if err := s.SetSenders(ctx, in.Body); err != nil {
			return nil, err
		}
		out, err := s.Senders(ctx)
		return &sendersOutput{out}, err
	})
	httpapi.Register(server, silent(httpapi.Op{
		ID: "test-notice-sender", Method: http.MethodPost, Path: path + "/{kind}/test", Tag: tag, Action: "test", Resource: kind, Right: ManageRight, Repeatable: true,
		Summary: "Send a test to an address by one of the company's ways",
	}), func(ctx context.Context, in *tryInput) (*struct{}, error) {
		return nil, s.TrySender(ctx, in.Kind, in.Body.Address)
	})
}

func (s *Service) registerChannels(server *httpapi.Server) {
	const all, one = "/me/channels", "/me/channels/{kind}"
	httpapi.Register(server, own("list-channels", http.MethodGet, all, "read", "The ways in which I am called, and my quiet hours"),
		func(ctx context.Context, _ *struct{}) (*channelsOutput, error) {
			return s.overview(ctx)
		})
	test := silent(own("test-channel", http.MethodPost, one+"/test", "test", "Send me a code by a channel"))
	test.Repeatable = true
	httpapi.Register(server, test, func(ctx context.Context, in *tryInput) (*struct{}, error) {
		return nil, s.Try(ctx, person(ctx).PersonID, in.Kind, in.Body.Address)
	})
	confirm := silent(own("confirm-channel", http.MethodPost, one+"/confirm", "confirm", "Type the code in that came; the channel is used from now on"))
	confirm.Repeatable = true
	httpapi.Register(server, confirm, func(ctx context.Context, in *confirmInput) (*struct{}, error) {
		return nil, s.Confirm(ctx, person(ctx).PersonID, in.Kind, in.Body.Code)
	})
	httpapi.Register(server, silent(own("leave-channel", http.MethodDelete, one, "delete", "Call me by this channel no more")),
		func(ctx context.Context, in *kindInput) (*struct{}, error) {
			return nil, s.Leave(ctx, person(ctx).PersonID, in.Kind)
		})
	httpapi.Register(server, silent(own("set-quiet-hours", http.MethodPut, "/me/quiet-hours", "update", "When I am called for urgent messages alone")),
		func(ctx context.Context, in *quietInput) (*struct{}, error) {
			return nil, s.SetQuiet(ctx, person(ctx).PersonID, in.Body)
		})
}

func (s *Service) overview(ctx context.Context) (*channelsOutput, error) {
	out, who := &channelsOutput{}, person(ctx).PersonID
	var err error
	if out.Body.Items, err = s.Channels(ctx, who); err != nil {
		return nil, err
	}
	k, err := s.keys(ctx)
	if err != nil && !kernel.HasCode(err, "seal_key_missing") {
		return nil, err
	}
	out.Body.PushKey = k.Public
	out.Body.Quiet, err = s.Quiet(ctx, who)
	return out, err
}

func (s *Service) registerBrowsers(server *httpapi.Server) {
	const path = "/me/browsers"
	httpapi.Register(server, silent(own("add-browser", http.MethodPost, path, "create", "This browser takes messages while the page is closed")),
		func(ctx context.Context, in *subscriptionInput) (*struct{}, error) {
			return nil, s.Subscribe(ctx, person(ctx), in.Body)
		})
	httpapi.Register(server, silent(own("remove-browser", http.MethodDelete, path, "delete", "This browser takes no messages any more")),
		func(ctx context.Context, in *forgetInput) (*struct{}, error) {
			return nil, s.Unsubscribe(ctx, person(ctx).PersonID, in.Body.Endpoint)
		})
}
