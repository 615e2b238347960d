// Package bulk sends a text to each of many buyers, as a file of a spreadsheet has them. It reads and checks the file,
// keeps a journal that tells after a crash what may have been sent, and writes the results. It knows no terminal.
package bulk
