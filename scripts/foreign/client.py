"""The operations by the Python client of openapi-generator."""
import os
import sys
import tempfile

sys.path.insert(0, sys.argv[2])
import openapi_client as market  # noqa: E402
from openapi_client.rest import ApiException  # noqa: E402

configuration = market.Configuration(host=sys.argv[1], api_key={"ApiKey": "key"})
configuration.access_token = None  # this version of the generator reads it without having set it
with market.ApiClient(configuration) as client:
    chats = market.ChatsApi(client)
    context = market.ChatContextDTO(type="ORDER", id=103)
    chat = chats.create_chat(12345, market.CreateChatRequest(context=context)).result.chat_id
    sent = chats.send_message_to_chat(12345, chat, market.SendMessageToChatRequest(message="Your order is on its way."))
    assert sent["status"] == "OK", sent  # it takes a schema of one allOf for any object
    read = chats.get_chat(12345, chat).result
    assert (read.status, read.context.order_id) == ("WAITING_FOR_CUSTOMER", 103), read
    found = chats.get_chats(12345, market.GetChatsRequest(contexts=[context])).result.chats
    assert [c.chat_id for c in found] == [chat], found
    [message] = chats.get_chat_history(12345, chat, market.GetChatHistoryRequest()).result.messages
    assert (message.sender, message.message) == ("PARTNER", "Your order is on its way."), message
    assert chats.get_chat_message(12345, chat, message.message_id).result == message
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "Фото №1.jpg")
        with open(path, "wb") as file:
            file.write(b"a photo")
        assert chats.send_file_to_chat(12345, chat, path)["status"] == "OK"
    [uploaded, _] = chats.get_chat_history(12345, chat, market.GetChatHistoryRequest()).result.messages
    assert [(f.name, f.size) for f in uploaded.payload] == [("Фото №1.jpg", 7)], uploaded
    try:
        chats.get_chat(12345, 1)
        sys.exit("an unknown chat was found")
    except ApiException as e:
        assert e.status == 404 and "NOT_FOUND" in e.body, e
