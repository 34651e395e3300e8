package chat_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// upload hands a file in for a message.
func (p *person) upload(name, mediaType string, content []byte) kernel.ID {
	p.t.Helper()
	id, sum := kernel.NewID(), sha256.Sum256(content)
	done(p, http.MethodPost, "/files", object{"id": id, "kind": chat.FileKind, "name": name, "type": mediaType, "size": len(content), "sha256": hex.EncodeToString(sum[:])})
	p.Do(http.MethodPut, "/files/"+id.String()+"?offset=0", content).Want(http.StatusOK)
	return id
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
		files := got.Files
		if merged {
			files = got.Merged.Items[0].Files
		}
		if len(files) != 1 || files[0].ID == resume {
			t.Fatalf("merged %v: %+v", merged, got)
		}
		zhang.Get(files[0].URL).Want(http.StatusOK)
	}
	done(li, http.MethodPost, msg(m.ID, "/recall"), nil)
	admin.Get(m.Files[0].URL).Want(http.StatusNotFound)
}
