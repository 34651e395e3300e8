package chat_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// upload hands a file in for a message.
func (p *person) upload(name, mediaType string, content []byte) kernel.ID {
	p.t.Helper()
	return p.Upload(chat.FileKind, name, mediaType, content)
}

func dot(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A file is read by who sees its message, also where it was forwarded, and by nobody
// after it was recalled.
func TestFilesGoWithTheirMessages(t *testing.T) {
	c := start(t, "李娜", "张伟")
	admin, li, zhang := c.people[0], c.people[1], c.people[2]
	room, other := admin.direct(li), admin.group("项目组", zhang)
	path := "/rooms/" + room.ID.String() + "/messages"
	resume, picture := li.upload("简历.pdf", "application/pdf", []byte("%PDF-1.4 canary")), li.upload("截图.png", "image/png", dot(t))
	body := object{"id": kernel.NewID(), "kind": "file", "text": "我的简历", "fileIds": []kernel.ID{resume}}
	refused(admin, http.MethodPost, path, object{"id": kernel.NewID(), "kind": "file", "fileIds": []kernel.ID{resume}}, http.StatusUnprocessableEntity, "file_unknown")
	var m chat.Message
	for range 2 {
		m = call[chat.Message](li, http.MethodPost, path, body)
	}
	if len(m.Files) != 1 || m.Files[0].Name != "简历.pdf" || m.Files[0].Size != 15 {
		t.Fatalf("the message has %+v", m.Files)
	}
	shown := call[chat.Message](li, http.MethodPost, path, object{"id": kernel.NewID(), "kind": "picture", "fileIds": []kernel.ID{picture}})
	if f := shown.Files[0]; shown.Kind != chat.Picture || f.Width != 3 || f.Height != 2 || f.Preview == "" {
		t.Errorf("the picture is %+v", f)
	}
	if got := admin.Get(m.Files[0].URL).Want(http.StatusOK).Body; !strings.Contains(got, "canary") {
		t.Errorf("the file holds %s", got)
	}
	zhang.Get(m.Files[0].URL).Want(http.StatusNotFound)
	if last := admin.room(room.ID).LastMessage; last.FileName != "截图.png" {
		t.Errorf("the list shows %+v", last)
	}
	for _, merged := range []bool{false, true} {
		copied := kernel.NewID()
		done(admin, http.MethodPost, "/messages/forward", object{"ids": []kernel.ID{copied}, "messageIds": []kernel.ID{m.ID}, "roomIds": []kernel.ID{other.ID}, "merged": merged})
		got := call[chat.Message](zhang, http.MethodGet, msg(copied, ""), nil)
		copies := got.Files
		if merged {
			copies = got.Merged.Items[0].Files
		}
		if len(copies) != 1 || copies[0].ID == resume {
			t.Fatalf("merged %v: %+v", merged, got)
		}
		zhang.Get(copies[0].URL).Want(http.StatusOK)
	}
	done(li, http.MethodPost, msg(m.ID, "/recall"), nil)
	admin.Get(m.Files[0].URL).Want(http.StatusNotFound)
	var kept int
	c.Scan(t, "SELECT count(*) FROM file WHERE owner_id = '"+m.ID.String()+"'", &kept)
	if kept > 0 {
		t.Error("the recalled message still has its file")
	}
}

// A file of several parts comes through whole and in pieces, under its Chinese name; who
// has left the room, or came after the message, does not get it.
func TestWhoLeftReadsNoFiles(t *testing.T) {
	c := start(t, "李娜", "张伟")
	admin, li, zhang := c.people[0], c.people[1], c.people[2]
	room := admin.group("项目组", li)
	content := bytes.Repeat([]byte("0123456789abcdef"), files.PartSize/16+1000)
	copy(content[len(content)-6:], "canary")
	id := li.upload("总结 (终稿)·王㛃.bin", "", content)
	m := call[chat.Message](li, http.MethodPost, "/rooms/"+room.ID.String()+"/messages", object{"id": kernel.NewID(), "kind": "file", "fileIds": []kernel.ID{id}})
	done(admin, http.MethodPost, "/rooms/"+room.ID.String()+"/members", object{"personIds": []kernel.ID{zhang.id}})
	at := m.Files[0].URL
	whole := admin.Get(at).Want(http.StatusOK)
	if whole.Body != string(content) {
		t.Errorf("%d bytes came of %d", len(whole.Body), len(content))
	}
	name := "attachment; filename*=utf-8''" + url.PathEscape("总结 (终稿)·王㛃.bin")
	if got := whole.Header.Get("Content-Disposition"); !strings.EqualFold(got, name) || whole.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("it is called %s, want %s", got, name)
	}
	for asked, want := range map[string]string{"bytes=-6": "canary", "bytes=10-15": "abcdef"} {
		if got := admin.Get(at, officetest.H("Range", asked)).Want(http.StatusPartialContent).Body; got != want {
			t.Errorf("%s gives %q", asked, got)
		}
	}
	zhang.Get(at).Want(http.StatusNotFound)
	done(admin, http.MethodDelete, "/rooms/"+room.ID.String()+"/members/"+li.id.String(), nil)
	li.Get(at).Want(http.StatusNotFound)
	refused(li, http.MethodGet, "/files/"+id.String(), nil, http.StatusNotFound, "file_unknown")
}
