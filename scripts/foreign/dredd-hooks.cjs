// Dredd sends the examples of the contract and compares answers with the examples of each status. An example's chatId
// stands for the chat that is started first, and its messageId for the first message of that, which the buyer writes. The
// example of a page token is no token of the sandbox's. Dredd writes no form, so the one with the file is written here.
// Errors are asked of the sandbox by its control API.
const hooks = require('hooks')

const operations = {
  'POST new': 'createChat',
  'POST message': 'sendMessageToChat',
  'GET chat': 'getChat',
  'POST chats': 'getChats',
  'POST history': 'getChatHistory',
  'GET message': 'getChatMessage',
  'POST send': 'sendFileToChat',
}
let chatId, messageId

function lastSegment(transaction) {
  return transaction.fullPath.split('?')[0].split('/').pop()
}

const sandbox = (transaction, path, body) =>
  fetch(`http://${transaction.host}:${transaction.port}/_sandbox/${path}`, body && { method: 'POST', body: JSON.stringify(body) })

hooks.beforeAll((transactions, done) => {
  const rank = (t) => (lastSegment(t) === 'new' ? 0 : 1)
  transactions.sort((a, b) => rank(a) - rank(b))
  done()
})

const form = [
  '--b', 'Content-Disposition: form-data; name="file"; filename="example.txt"', '', 'What is in the file.', '--b--', '',
].join('\r\n')

hooks.beforeEach((transaction, done) => {
  if (lastSegment(transaction) === 'send') {
    transaction.request.headers['Content-Type'] = 'multipart/form-data; boundary=b'
    transaction.request.body = form
  }
  transaction.fullPath = transaction.fullPath
    .replace(/chatId=\d+/, `chatId=${chatId}`)
    .replace(/messageId=\d+/, `messageId=${messageId}`)
    .replace(/[?&]pageToken=[^&]*/, '')
    .replace(/^([^?&]*)&/, '$1?')
  const status = Number(transaction.expected.statusCode)
  if (status === 200) return done()
  const operation = operations[`${transaction.request.method} ${lastSegment(transaction)}`]
  const faults = [{ kind: 'fail', status, code: 'A_CODE', message: 'a text' }]
  sandbox(transaction, 'faults', { operation, faults }).then((answer) => {
    if (answer.status !== 204) transaction.fail = `the sandbox refused the fault: ${answer.status}`
    done()
  })
})

hooks.afterEach((transaction, done) => {
  if (lastSegment(transaction) !== 'new' || transaction.real.statusCode !== 200) return done()
  chatId = JSON.parse(transaction.real.body).result.chatId
  sandbox(transaction, `chats/${chatId}/replies`, { text: 'Where is it?' }).then((answer) => {
    if (!answer.ok) transaction.fail = `the buyer could not write: ${answer.status}`
    messageId = `${chatId}000001`
    done()
  })
})
