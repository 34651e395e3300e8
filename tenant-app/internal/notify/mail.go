package notify

import (
	"context"
	"fmt"

	"github.com/wneessen/go-mail"
)

// mail sends a letter as a plain mail.
func (s *Service) mail(ctx context.Context, from MailSender, to string, l letter) error {
	options := []mail.Option{
		mail.WithPort(from.Port), mail.WithTimeout(mailLimit), mail.WithDialContextFunc(s.Dialer.DialContext), mail.WithHELO("atrium.localdomain"),
	}
	switch from.Security {
	case "tls":
		return s.post(ctx, from, to, l, append(options, mail.WithSSL()))
	case "none":
		return s.post(ctx, from, to, l, append(options, mail.WithTLSPolicy(mail.NoTLS)))
	}
	return s.post(ctx, from, to, l, append(options, mail.WithTLSPolicy(mail.TLSMandatory)))
}

func (s *Service) post(ctx context.Context, from MailSender, to string, l letter, options []mail.Option) error {
	if from.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(from.User), mail.WithPassword(from.Password))
	}
	client, err := mail.NewClient(from.Host, options...)
	if err != nil {
		return fmt.Errorf("prepare a mail: %w", err)
	}
	m := mail.NewMsg()
	if err := m.FromFormat(s.Settings().DisplayName, from.From); err != nil {
		return fmt.Errorf("prepare a mail: %w", err)
	}
	if err := m.To(to); err != nil {
		return fmt.Errorf("prepare a mail: %w", err)
	}
	m.Subject(l.Title)
	m.SetMessageIDWithValue(l.ID.String() + "@atrium")
	m.SetBodyString(mail.TypeTextPlain, l.Text+"\n\n"+l.Link+"\n")
	if err := client.DialAndSendWithContext(ctx, m); err != nil {
		return fmt.Errorf("send a mail: %w", err)
	}
	return nil
}
