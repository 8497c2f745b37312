// Reads what ours.py wrote from standard input, checks it with golang.org/x/mod, and writes notes and proofs of its
// own to standard output, for ours.py to check. Any mismatch ends it with status 1.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "go.example/log"

// A tree is its leaves, and one note for each number of them.
type tree struct {
	Origin  string
	Vkey    string
	Witness string
	Leaves  []string
	Heads   []string
	Proofs  []string // each a .tlog-proof
	Joins   []string // each a proof of consistency, as a witness is sent one
	Damaged []damaged
	Product *tree `json:",omitempty"` // of a database, with a head for some numbers of leaves only
}

// A note with one character changed, and whether ours accepts it.
type damaged struct {
	Note     string
	Accepted bool
}

// hashes is what tlog keeps of a tree.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = h[index]
	}
	return found, nil
}

func check(err error, where string) {
	if err != nil {
		log.Fatalf("%s: %v", where, err)
	}
}

func require(holds bool, fault string) {
	if !holds {
		log.Fatal(fault)
	}
}

// stored returns the hashes of a tree and the root for each number of its leaves.
func stored(leaves []string) (hashes, []tlog.Hash) {
	var kept hashes
	roots := make([]tlog.Hash, len(leaves)+1)
	roots[0] = sha256.Sum256(nil)
	for i, leaf := range leaves {
		more, err := tlog.StoredHashes(int64(i), []byte(leaf), kept)
		check(err, "a leaf")
		kept = append(kept, more...)
		roots[i+1], err = tlog.TreeHash(int64(i+1), kept)
		check(err, "a root")
	}
	return kept, roots
}

// head opens a note and parses its text, which tlog does for one origin only.
func head(signed, origin string, known note.Verifiers) tlog.Tree {
	opened, err := note.Open([]byte(signed), known)
	check(err, signed)
	require(strings.HasPrefix(opened.Text, origin+"\n"), "a head of another origin")
	parsed, err := tlog.ParseTree([]byte("go.sum database tree" + strings.TrimPrefix(opened.Text, origin)))
	check(err, opened.Text)
	return parsed
}

// parts returns the number in the last of count lines, the hashes in the lines after it, and the note.
func parts(proof string, word string, count int) (int64, []tlog.Hash, string) {
	split := strings.SplitN(proof, "\n\n", 2)
	lines := strings.Split(split[0], "\n")
	number, err := strconv.ParseInt(strings.TrimPrefix(lines[count-1], word+" "), 10, 64)
	check(err, proof)
	var path []tlog.Hash
	for _, line := range lines[count:] {
		hash, err := tlog.ParseHash(line)
		check(err, proof)
		path = append(path, hash)
	}
	return number, path, split[1]
}

func checkOurs(ours tree, what string) {
	verifier, err := note.NewVerifier(ours.Vkey)
	check(err, ours.Vkey)
	known := note.VerifierList(verifier)
	_, roots := stored(ours.Leaves)
	for n, signed := range ours.Heads {
		found := head(signed, ours.Origin, known)
		require(found.N == int64(n) || what != "of every size", "a head is missing")
		require(found.N < int64(len(roots)) && found.Hash == roots[found.N], "a head is not that of its leaves")
	}
	for _, proof := range ours.Proofs {
		require(strings.HasPrefix(proof, "c2sp.org/tlog-proof@v1\n"), "a proof begins otherwise")
		count := 2
		if strings.HasPrefix(strings.SplitN(proof, "\n", 3)[1], "extra ") {
			count = 3
		}
		index, path, signed := parts(proof, "index", count)
		at := head(signed, ours.Origin, known)
		leaf := tlog.RecordHash([]byte(ours.Leaves[index]))
		check(tlog.CheckRecord(path, at.N, at.Hash, index, leaf), proof)
	}
	for _, proof := range ours.Joins {
		size, path, signed := parts(proof, "old", 1)
		at := head(signed, ours.Origin, known)
		check(tlog.CheckTree(path, at.N, at.Hash, size, roots[size]), proof)
	}
	looser := 0
	for _, each := range ours.Damaged {
		_, err := note.Open([]byte(each.Note), known)
		require(err == nil || !each.Accepted, "ours accepts a note that Go refuses: "+each.Note)
		if err == nil && !each.Accepted {
			looser++
		}
	}
	log.Printf("Go accepts our %d heads %s, %d proofs of inclusion, %d of consistency", len(ours.Heads), what, len(ours.Proofs), len(ours.Joins))
	if len(ours.Damaged) == 0 {
		return
	}
	log.Printf("of %d damaged notes ours accepts none that Go refuses; Go accepts %d more", len(ours.Damaged), looser)
}

// A witness signs as c2sp.org/tlog-cosignature says.
type witness struct {
	name string
	key  ed25519.PrivateKey
	time uint64
}

func (w witness) material() []byte {
	return append([]byte{4}, w.key.Public().(ed25519.PublicKey)...)
}

func (w witness) Name() string { return w.name }

func (w witness) KeyHash() uint32 {
	hashed := sha256.Sum256(append([]byte(w.name+"\n"), w.material()...))
	return binary.BigEndian.Uint32(hashed[:])
}

func (w witness) Sign(text []byte) ([]byte, error) {
	signed := ed25519.Sign(w.key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", w.time, text)))
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], w.time)
	return append(at[:], signed...), nil
}

func (w witness) vkey() string {
	return fmt.Sprintf("%s+%08x+%s", w.name, w.KeyHash(), base64.StdEncoding.EncodeToString(w.material()))
}

func lines(words ...string) string {
	return strings.Join(words, "\n") + "\n"
}

func theirs(count int) tree {
	made := tree{Origin: origin}
	for i := 0; i < count; i++ {
		made.Leaves = append(made.Leaves, fmt.Sprintf("leaf %d of Go", i))
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	check(err, "a key")
	signer, err := note.NewSigner(skey)
	check(err, "a signer")
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(err, "a key")
	cosigner := witness{"witness.example/w1", private, 1790000000}
	made.Vkey, made.Witness = vkey, cosigner.vkey()
	kept, roots := stored(made.Leaves)
	for n, root := range roots {
		text := lines(origin, strconv.Itoa(n), root.String())
		signed, err := note.Sign(&note.Note{Text: text}, signer, cosigner)
		check(err, text)
		made.Heads = append(made.Heads, string(signed))
		for m := 0; m < n; m++ {
			path, err := tlog.ProveRecord(int64(n), int64(m), kept)
			check(err, text)
			made.Proofs = append(made.Proofs, proof([]string{"c2sp.org/tlog-proof@v1", fmt.Sprint("index ", m)}, path, signed))
			join, err := tlog.ProveTree(int64(n), int64(m+1), kept)
			check(err, text)
			made.Joins = append(made.Joins, proof([]string{fmt.Sprint("old ", m+1)}, join, signed))
		}
	}
	return made
}

func proof(before []string, path []tlog.Hash, signed []byte) string {
	var written bytes.Buffer
	written.WriteString(lines(before...))
	for _, hash := range path {
		written.WriteString(hash.String() + "\n")
	}
	return written.String() + "\n" + string(signed)
}

func main() {
	log.SetFlags(0)
	var ours tree
	check(json.NewDecoder(os.Stdin).Decode(&ours), "standard input")
	checkOurs(ours, "of every size")
	checkOurs(*ours.Product, "of a database")
	check(json.NewEncoder(os.Stdout).Encode(theirs(len(ours.Leaves))), "standard output")
}
