package notify

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

const (
	maxLine  = 80 // characters of one message
	maxLines = 5
)

// letter is what goes out, in the company's language.
type letter struct {
	ID     kernel.ID // of the last message: what is sent twice replaces itself where it can
	Title  string
	Text   string
	Link   string // whole address
	Code   string // of a test; a browser that gets it types it in by itself
	Urgent bool
}

// words are the few sentences that leave the app.
type words struct {
	many, urgent, more, test, code, try string
	what                                map[string]string
}

var said = map[kernel.Locale]words{
	kernel.ZhCN: {
		many: "%d 条未读消息", urgent: "【加急】%s", more: "……共 %d 条", test: "测试通知", code: "验证码 %s，10 分钟内在“我 › 通知”里填写",
		try:  "公司的通知可以从这里发出。",
		what: map[string]string{"file": "[文件]", "picture": "[图片]", "voice": "[语音]", "forward": "[聊天记录]"},
	},
	kernel.En: {
		many: "%d unread messages", urgent: "[Urgent] %s", more: "… %d in all", test: "Test notice", code: "Code %s: type it in under Me › Notices within 10 minutes",
		try:  "The company's notices can go out this way.",
		what: map[string]string{"file": "[File]", "picture": "[Picture]", "voice": "[Voice]", "forward": "[Messages]"},
	},
}

func (s *Service) words() words { return said[kernel.MatchLocale(s.Settings().Locale, kernel.ZhCN)] }

// letter puts messages into one: a single one under its author, several as a list.
func (s *Service) letter(calls []Call) letter {
	w, last := s.words(), calls[len(calls)-1]
	out := letter{ID: last.ID, Link: s.Settings().URL + "/chat/" + last.Room.String(), Urgent: last.Urgent}
	if len(calls) == 1 {
		out.Title, out.Text = last.From, w.line(last)
		if last.Urgent {
			out.Title = fmt.Sprintf(w.urgent, out.Title)
		}
		return out
	}
	out.Title = fmt.Sprintf(w.many, len(calls))
	var lines []string
	for _, c := range calls[:min(len(calls), maxLines)] {
		lines = append(lines, c.From+": "+w.line(c))
	}
	if len(calls) > maxLines {
		lines = append(lines, fmt.Sprintf(w.more, len(calls)))
	}
	out.Text = strings.Join(lines, "\n")
	return out
}

// line is the beginning of a message in one line.
func (w words) line(c Call) string {
	text := strings.Join(strings.Fields(w.what[c.What]+" "+c.Text), " ")
	if utf8.RuneCountInString(text) > maxLine {
		text = string([]rune(text)[:maxLine-1]) + "…"
	}
	return text
}
