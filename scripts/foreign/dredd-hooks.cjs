// Dredd sends the examples of the contract and compares answers with the examples of each status. An example's chatId
// stands for the chat that is started first. Errors are asked of the sandbox by its control API.
const hooks = require('hooks')

const operations = { new: 'createChat', message: 'sendMessageToChat', chat: 'getChat' }
let chatId

function lastSegment(transaction) {
  return transaction.fullPath.split('?')[0].split('/').pop()
}

hooks.beforeAll((transactions, done) => {
  const rank = (t) => (lastSegment(t) === 'new' ? 0 : 1)
  transactions.sort((a, b) => rank(a) - rank(b))
  done()
})

hooks.beforeEach((transaction, done) => {
  transaction.fullPath = transaction.fullPath.replace(/chatId=\d+/, `chatId=${chatId}`)
  const status = Number(transaction.expected.statusCode)
  if (status === 200) return done()
  const operation = operations[lastSegment(transaction)]
  fetch(`http://${transaction.host}:${transaction.port}/_sandbox/faults`, {
    method: 'POST',
    body: JSON.stringify({ operation, faults: [{ kind: 'fail', status, code: 'A_CODE', message: 'a text' }] }),
  }).then((answer) => {
    if (answer.status !== 204) transaction.fail = `the sandbox refused the fault: ${answer.status}`
    done()
  })
})

hooks.afterEach((transaction, done) => {
  if (lastSegment(transaction) === 'new' && transaction.real.statusCode === 200) {
    chatId = JSON.parse(transaction.real.body).result.chatId
  }
  done()
})
