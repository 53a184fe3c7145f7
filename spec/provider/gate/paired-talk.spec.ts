// A conversation that goes on where it was taken down: what it says it has sent, and what it sends again.
import { expect } from "chai";
import { newConversation } from "../../../runtime/provider/gate/conversation.ts";
import { Talk, type TalkSetting } from "../../../runtime/provider/gate/paired-talk.ts";

const SETTING: TalkSetting = { name: "post", message: 1024, window: { messages: 256, bytes: 1 << 20 } };

describe("a conversation that goes on", () => {
  for (const repeats of [0, 1, 2])
    it(`counts what may have been sent before a crash (${repeats}) beside what was not acknowledged`, () => {
      const past = { ...newConversation(), sent: 5, unacknowledged: ["four", "five"], repeats };
      const talk = new Talk(SETTING, past);
      // The other end may have received as many: it is not to take this one for an earlier state.
      expect(talk.standing).to.include({ sent: 5 + repeats, acknowledged: 3 });
      expect(talk.record).to.deep.include({ sent: 5, unacknowledged: ["four", "five"] });
      const again = new Talk(SETTING, talk.record);
      expect(again.standing).to.include({ sent: 5 + repeats, acknowledged: 3 });
    });
});
