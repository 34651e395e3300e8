package directory

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// Characters that are read differently as a surname.
var surnames = map[string]string{
	"单": "shan", "單": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "區": "ou",
	"查": "zha", "任": "ren", "朴": "piao", "盖": "ge", "蓋": "ge", "覃": "qin", "缪": "miao", "繆": "miao",
	"翟": "zhai", "尉": "wei", "乐": "yue", "樂": "yue", "员": "yun", "員": "yun", "黑": "he", "秘": "bi",
	"逄": "pang", "召": "shao", "折": "she", "长": "chang", "種": "chong", "种": "chong", "重": "chong",
	"洗": "xian", "冼": "xian", "隗": "wei", "洪": "hong", "宁": "ning", "寧": "ning", "甯": "ning",
	"燕": "yan", "华": "hua", "華": "hua", "纪": "ji", "紀": "ji", "令": "ling", "那": "na", "哈": "ha",
	"佴": "nai", "阚": "kan", "闞": "kan", "繁": "po", "费": "fei", "費": "fei", "过": "guo", "過": "guo",
	"应": "ying", "應": "ying", "干": "gan", "石": "shi", "车": "che", "車": "che", "卜": "bu", "沈": "shen",
	"盛": "sheng", "谌": "chen", "諶": "chen", "晁": "chao", "柏": "bai", "鲍": "bao", "俱": "ju",
	"訾": "zi", "叶": "ye", "葉": "ye", "强": "qiang", "仉": "zhang", "郗": "xi", "逯": "lu",
	"万俟": "mo qi", "尉迟": "yu chi", "尉遲": "yu chi", "长孙": "zhang sun", "長孫": "zhang sun",
	"澹台": "tan tai", "澹臺": "tan tai", "单于": "chan yu", "單于": "chan yu", "皇甫": "huang fu",
	"令狐": "ling hu", "宇文": "yu wen", "贺兰": "he lan", "賀蘭": "he lan", "呼延": "hu yan",
	"夏侯": "xia hou", "诸葛": "zhu ge", "諸葛": "zhu ge", "闻人": "wen ren", "鲜于": "xian yu",
	"宰父": "zai fu", "亓官": "qi guan", "拓跋": "tuo ba", "曾子": "zeng zi", "哥舒": "ge shu",
}

// maxSpellings bounds how many ways of reading one name can be searched: a name
// of four heteronyms could have hundreds.
const maxSpellings = 12

var allReadings = pinyin.Args{Style: pinyin.Normal, Heteronym: true}

// syllables returns the readings of each Han character and each run of letters
// or digits of name, the likeliest first. Other characters only separate.
func syllables(name string) [][]string {
	var out [][]string
	runes := []rune(name)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		if readings := dictionary.of(r); len(readings) > 0 {
			out = append(out, readings)
			continue
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		if isHan(r) { // so rare that the dictionary has no reading
			out = append(out, []string{string(r)})
			continue
		}
		end := i
		for end < len(runes) && (unicode.IsLetter(runes[end]) || unicode.IsDigit(runes[end])) && !isHan(runes[end]) {
			end++
		}
		out = append(out, []string{fold(string(runes[i:end]))})
		i = end - 1
	}
	return surnameFirst(runes, out)
}

// surnameFirst puts the surname's reading in front of the dictionary's.
func surnameFirst(runes []rune, readings [][]string) [][]string {
	for _, n := range []int{2, 1} {
		// A whole name of two characters, such as 单于, is read as surname and given name.
		if len(runes) <= n || len(readings) < n || !isHan(runes[0]) {
			continue
		}
		known, ok := surnames[string(runes[:n])]
		if !ok {
			continue
		}
		for i, reading := range strings.Fields(known) {
			readings[i] = prefer(reading, readings[i])
		}
		return readings
	}
	return readings
}

func prefer(first string, others []string) []string {
	out := []string{first}
	for _, o := range others {
		if o != first {
			out = append(out, o)
		}
	}
	return out
}

// spellings returns up to maxSpellings ways to read the name, the likeliest first.
func spellings(name string) [][]string {
	out := [][]string{nil}
	for _, readings := range syllables(name) {
		// Once the bound is reached further characters have their first reading alone.
		if len(out)*len(readings) > maxSpellings {
			readings = readings[:1]
		}
		next := make([][]string, 0, len(out)*len(readings))
		for _, reading := range readings {
			for _, before := range out {
				next = append(next, append(before[:len(before):len(before)], reading))
			}
		}
		out = next
	}
	return out
}

// Pinyin is the likeliest reading of name, syllables apart: 单晓 → "shan xiao".
func Pinyin(name string) string {
	return strings.Join(spellings(name)[0], " ")
}

// sortKey orders names as a Chinese telephone list does: by the reading of the
// first character, then of the next; the same readings by the characters. The
// database compares bytes (C.UTF-8).
func sortKey(name string) string {
	return Pinyin(name) + "\x01" + fold(name)
}

// Initial is the letter of the A–Z index under which name stands, or "#".
func Initial(name string) string {
	reading := Pinyin(name)
	if reading == "" || reading[0] < 'a' || reading[0] > 'z' {
		return "#"
	}
	return strings.ToUpper(reading[:1])
}
