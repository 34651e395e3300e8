package notify

import (
	"cmp"
	"context"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/seal"
)

const (
	sendersKey = "notify.senders"
	mailLimit  = 20 * time.Second
)

// MailSender is the company's mail server. An empty password leaves the one that is kept.
type MailSender struct {
	Host     string `json:"host" minLength:"1" maxLength:"253"`
	Port     int    `json:"port" minimum:"1" maximum:"65535"`
	Security string `json:"security" enum:"starttls,tls,none"`
	From     string `json:"from" maxLength:"254" doc:"Mail address"`
	User     string `json:"user,omitempty" maxLength:"254"`
	Password string `json:"password,omitempty" maxLength:"500" doc:"Never answered; empty: as it was"`
}

// Hook is a gate of the company to other messengers. An empty secret leaves the one that
// is kept.
type Hook struct {
	URL    string `json:"url" maxLength:"2000" format:"uri"`
	Secret string `json:"secret,omitempty" maxLength:"500" doc:"Signs each call. Never answered; empty: as it was"`
}

// Senders are the company's ways out. Web Push needs none.
type Senders struct {
	Mail  *MailSender     `json:"mail,omitempty"`
	Hooks map[string]Hook `json:"hooks,omitempty" doc:"By kind: wecom, dingtalk, feishu, sms"`
}

func (s Senders) has(kind string) bool {
	switch kind {
	case Push:
		return true
	case Mail:
		return s.Mail != nil
	}
	_, has := s.Hooks[kind]
	return has
}

// Places of the secrets, as they are sealed for.
const (
	mailPlace  = "setting/" + sendersKey + "/mail"
	hookPlace  = "setting/" + sendersKey + "/hooks/" // and the kind
	vapidPlace = "setting/" + vapidKey
)

// senders are the company's with their secrets, as they are kept: sealed.
func (s *Service) senders(ctx context.Context) (Senders, error) {
	var out Senders
	_, err := s.DB.Setting(ctx, sendersKey, &out)
	return out, err
}

// Senders are the company's, without what must stay secret.
func (s *Service) Senders(ctx context.Context) (Senders, error) {
	out, err := s.senders(ctx)
	if out.Mail != nil {
		out.Mail.Password = ""
	}
	for kind, h := range out.Hooks {
		h.Secret = ""
		out.Hooks[kind] = h
	}
	return out, err
}

// SetSenders changes the company's ways out. Code sender_invalid.
func (s *Service) SetSenders(ctx context.Context, wanted Senders) error {
	kept, err := s.senders(ctx)
	if err != nil {
		return err
	}
	if m := wanted.Mail; m != nil {
		if _, err := mail.ParseAddress(m.From); err != nil || strings.ContainsAny(m.Host, " /:@\r\n") {
			return kernel.Invalid("sender_invalid").OnField("body.mail")
		}
		was := ""
		if kept.Mail != nil && kept.Mail.Host == m.Host {
			was = kept.Mail.Password
		}
		if m.Password, err = s.sealed(mailPlace, m.Password, was); err != nil {
			return err
		}
	}
	for kind, h := range wanted.Hooks {
		at, err := url.Parse(h.URL)
		known := kind == WeCom || kind == DingTalk || kind == Feishu || kind == SMS
		if err != nil || !known || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" {
			return kernel.Invalid("sender_invalid").OnField("body.hooks." + kind)
		}
		was := ""
		if kept.Hooks[kind].URL == h.URL {
			was = kept.Hooks[kind].Secret
		}
		if len(cmp.Or(h.Secret, was)) < 16 {
			return kernel.Invalid("secret_too_short").With("min", 16).OnField("body.hooks." + kind + ".secret")
		}
		if h.Secret, err = s.sealed(hookPlace+kind, h.Secret, was); err != nil {
			return err
		}
		wanted.Hooks[kind] = h
	}
	return s.DB.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.DB.Decide(ctx, sendersKey, wanted, s.Clock()); err != nil {
			return fmt.Errorf("keep the ways out: %w", err)
		}
		return s.Audit.Write(ctx, "notice_senders_changed", kernel.NoID, nil)
	})
}

// sealed gives what is kept of a secret: what was typed, or else what was kept before,
// which stays as it is if it is sealed already.
func (s *Service) sealed(place, typed, was string) (string, error) {
	if typed == "" && seal.IsSealed(was) {
		return was, nil
	}
	return s.Sealer.Seal(place, cmp.Or(typed, was))
}

// TrySender sends a test to an address by one of the company's ways out. Codes
// channel_closed, address_invalid, and channel_failed if it does not go out.
func (s *Service) TrySender(ctx context.Context, kind, typed string) error {
	senders, err := s.senders(ctx)
	if err != nil {
		return err
	}
	if kind == Push || !senders.has(kind) {
		return kernel.Conflict("channel_closed")
	}
	to, err := address(kind, typed)
	if err != nil {
		return err
	}
	w := s.words()
	err = s.way(senders, kernel.NoID, channelRow{Kind: kind, Address: to}).send(ctx, letter{ID: kernel.NewID(), Title: w.test, Text: w.try, Link: s.Settings().URL})
	if err != nil {
		return failed(kind, err)
	}
	return s.Audit.Write(ctx, "notice_sender_tested", kernel.NoID, map[string]any{"kind": kind})
}
