package privacy

import (
	"embed"
	"strconv"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// The texts, one file for each text and language: a line with # is the title, ## a
// heading, - an item of a list; all others are paragraphs.
//
//go:embed texts/*.md
var files embed.FS

// The texts, as their files are called.
const (
	Summary = "summary" // both in a minute
	Terms   = "terms"   // 用户协议
	Policy  = "policy"  // 隐私政策
)

// Names stand in the texts.
type Names struct {
	Company string
	Contact string // whom to ask: name, phone, mail; may be empty
}

// Block is a piece of a text: a heading, a paragraph or a list.
type Block struct {
	Heading, Text string
	Items         []string
}

// Document is a text as people read it.
type Document struct {
	Title  string
	Blocks []Block
}

// Text gives a text in a language, with the names put in.
func Text(name string, locale kernel.Locale, names Names) Document {
	raw, err := files.ReadFile("texts/" + name + "." + string(locale) + ".md")
	if err != nil {
		panic(err) // embedded above, and a test reads them all
	}
	contact := names.Contact
	if contact == "" {
		contact = map[kernel.Locale]string{kernel.ZhCN: "公司的系统管理员", kernel.En: "your company's administrator"}[locale]
	}
	filled := strings.NewReplacer("{company}", names.Company, "{contact}", contact, "{since}", Since, "{edition}", strconv.Itoa(Edition))
	return read(string(raw), filled)
}

func read(raw string, filled *strings.Replacer) Document {
	var d Document
	for line := range strings.Lines(raw) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "# "):
			d.Title = filled.Replace(line[2:])
		case strings.HasPrefix(line, "## "):
			d.Blocks = append(d.Blocks, Block{Heading: filled.Replace(line[3:])})
		case strings.HasPrefix(line, "- "):
			if len(d.Blocks) == 0 || d.Blocks[len(d.Blocks)-1].Items == nil {
				d.Blocks = append(d.Blocks, Block{})
			}
			last := &d.Blocks[len(d.Blocks)-1]
			last.Items = append(last.Items, filled.Replace(line[2:]))
		default:
			d.Blocks = append(d.Blocks, Block{Text: filled.Replace(line)})
		}
	}
	return d
}
