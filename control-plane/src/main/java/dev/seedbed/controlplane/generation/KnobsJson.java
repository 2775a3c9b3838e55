package dev.seedbed.controlplane.generation;

import dev.seedbed.controlplane.quota.Amounts;
import tools.jackson.databind.json.JsonMapper;

/** What a generation's record keeps of its command: numbers and names, never a text of the caller. */
final class KnobsJson {

    private static final JsonMapper json = JsonMapper.shared();

    private KnobsJson() {}

    /** @param reserved what admission resolved the command to, {@code max_tokens} among it */
    static String of(GenerationCommand command, Amounts reserved) {
        var knobs = command.knobs();
        var object = json.createObjectNode();
        object.putPOJO("mode", knobs.mode());
        object.putPOJO("policy", knobs.policy());
        object.put("threshold", knobs.threshold());
        object.put("steps", knobs.steps());
        object.put("edit_threshold", knobs.editThreshold());
        object.put("edit_rounds", knobs.editRounds());
        object.put("block_size", knobs.blockSize());
        object.put("draft_length", knobs.draftLength());
        object.put("temperature", knobs.temperature());
        object.put("top_p", knobs.topP());
        object.put("seed", knobs.seed());
        object.put("max_tokens", command.maxTokens());
        object.put("stop_texts", command.stop().size());
        object.put("diffusing", command.diffusing());
        object.put("infill", Infill.asksFor(command));
        var amounts = object.putObject("reserved");
        reserved.positive().forEach((unit, amount) -> amounts.put(unit.name(), amount));
        return json.writeValueAsString(object);
    }
}
