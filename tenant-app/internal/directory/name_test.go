package directory

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanName(t *testing.T) {
	cases := map[string]string{
		" 张三 ":           "张三",
		"张　三":            "张三",
		"阿卜杜拉•买买提":       "阿卜杜拉·买买提",
		"阿卜杜拉.买买提":       "阿卜杜拉·买买提",
		"阿卜杜拉 · 买买提":     "阿卜杜拉·买买提",
		"迪丽热巴·迪力木拉提":     "迪丽热巴·迪力木拉提",
		"John  Smith":    "John Smith",
		"J. R. R. Smith": "J. R. R. Smith",
		"𠮷野":             "𠮷野", // beyond the 16-bit plane
		"㛃":              "㛃",
		"\ufa0e":         "\ufa0e", // a compatibility code point stays as typed
		"王\ue863":        "王\ue863",
		"辻\U000e0100子":   "辻\U000e0100子",
		"":               "",
		"　 ":             "",
		"张\u202e三":       "",
		"张\x00三":         "",
		"\xff":           "",
		"张\ufffd":        "",

		strings.Repeat("长", 50): strings.Repeat("长", 50),
		strings.Repeat("长", 51): "",
	}
	for in, want := range cases {
		got, ok := CleanName(in)
		if got != want || ok != (want != "") {
			t.Errorf("CleanName(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestAvatarText(t *testing.T) {
	cases := map[string]string{
		"张伟": "张伟", "王小明": "小明", "欧阳娜娜": "娜娜", "阿卜杜拉·买买提": "买提", "李": "李",
		"𠮷野家": "野家", "辻\U000e0100子": "辻\U000e0100子",
		"John Smith": "JS", "madonna": "M", "Ana Maria Silva": "AS", "Tom 陈": "陈",
	}
	for name, want := range cases {
		if got := AvatarText(name); got != want {
			t.Errorf("AvatarText(%s) = %q, want %q", name, got, want)
		}
	}
}

func TestPinyinReadsSurnames(t *testing.T) {
	cases := map[string]string{
		"张伟": "zhang wei", "单晓": "shan xiao", "曾国强": "zeng guo qiang", "解小东": "xie xiao dong",
		"仇和": "qiu he", "区大伟": "ou da wei", "查理": "zha li", "任重": "ren zhong", "朴英": "piao ying",
		"覃海": "qin hai", "尉迟恭": "yu chi gong", "单于明": "chan yu ming", "万俟雪": "mo qi xue",
		"欧阳娜娜": "ou yang na na", "吕丽": "lv li", "华云": "hua yun", "乐毅": "yue yi",
		"阿卜杜拉·买买提": "a bo du la mai mai ti", "John Smith": "john smith", "王Ken": "wang ken",
		"单于": "shan yu",
	}
	for name, want := range cases {
		if got := Pinyin(name); got != want {
			t.Errorf("Pinyin(%s) = %q, want %q", name, got, want)
		}
	}
}

func TestInitial(t *testing.T) {
	for name, want := range map[string]string{"曾国强": "Z", "单晓": "S", "alice": "A", "Émile": "#", "007": "#", "": "#"} {
		if got := Initial(name); got != want {
			t.Errorf("Initial(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSortKeyOrdersBySyllable(t *testing.T) {
	order := []string{"阿强", "李安", "李娜", "李那", "李娜娜", "张安", "张伟", "章伟"}
	for i := 1; i < len(order); i++ {
		if sortKey(order[i-1]) >= sortKey(order[i]) {
			t.Errorf("%s (%q) must stand before %s (%q)", order[i-1], sortKey(order[i-1]), order[i], sortKey(order[i]))
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"张　三", "阿卜杜拉•买买提", "J. R. Smith", "\xff", "辻\U000e0100"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		name, ok := CleanName(in)
		if !ok {
			return
		}
		if again, ok := CleanName(name); !ok || again != name {
			t.Fatalf("CleanName(%q) = %q, but cleaned again it is %q, %v", in, name, again, ok)
		}
		if n := len(spellings(name)); n < 1 || n > maxSpellings {
			t.Fatalf("%d spellings of %q", n, name)
		}
		if !utf8.ValidString(AvatarText(name)) || !utf8.ValidString(sortKey(name)) {
			t.Fatalf("invalid UTF-8 made of %q", name)
		}
	})
}
