#include "naive_transformer.h"

#include <cmath>

namespace seedbed::engine {
namespace {

using Row = std::vector<double>;

class NaiveTransformer {
 public:
  NaiveTransformer(const TinyModel& model, int32_t clean_rows, int32_t block_size)
      : model_(model), sizes_(model.sizes), clean_rows_(clean_rows), block_size_(block_size) {}

  std::vector<Row> logits(const std::vector<int32_t>& token_ids) const {
    std::vector<Row> rows;
    for (const int32_t id : token_ids) {
      const auto begin = weight("token_embd.weight").begin() + id * sizes_.embedding;
      rows.emplace_back(begin, begin + sizes_.embedding);
      const bool denoise = static_cast<int32_t>(rows.size()) > clean_rows_;
      if (sizes_.marks_visible && denoise && id != model_.contract.at("mask_token_id")) mark(rows.back());
    }
    for (int32_t i = 0; i < sizes_.layers; ++i) layer("blk." + std::to_string(i) + ".", rows);
    const std::string output = sizes_.tied ? "token_embd.weight" : "output.weight";
    for (Row& row : rows) row = times(output, norm("output_norm.weight", row));
    return rows;
  }

 private:
  const std::vector<float>& weight(const std::string& name) const { return model_.weights.at(name); }

  void mark(Row& row) const {
    for (size_t i = 0; i < row.size(); ++i) row[i] += weight("visible_marker.weight")[i];
  }

  Row norm(const std::string& name, const Row& row) const {
    double squares = 0;
    for (const double x : row) squares += x * x;
    Row result;
    for (size_t i = 0; i < row.size(); ++i) {
      result.push_back(row[i] / std::sqrt(squares / static_cast<double>(row.size()) + 1e-5) *
                       weight(name)[i]);
    }
    return result;
  }

  Row norm_heads(const std::string& name, const Row& row) const {
    Row result;
    for (auto head = row.begin(); head != row.end(); head += sizes_.head_size()) {
      const Row normed = norm(name, Row(head, head + sizes_.head_size()));
      result.insert(result.end(), normed.begin(), normed.end());
    }
    return result;
  }

  Row times(const std::string& name, const Row& row) const {
    const std::vector<float>& matrix = weight(name);
    Row result(matrix.size() / row.size());
    for (size_t i = 0; i < matrix.size(); ++i) result[i / row.size()] += matrix[i] * row[i % row.size()];
    return result;
  }

  Row project(const std::string& name, const Row& row) const {
    Row result = times(name + ".weight", row);
    if (sizes_.has_bias()) {
      for (size_t i = 0; i < result.size(); ++i) result[i] += weight(name + ".bias")[i];
    }
    return result;
  }

  void rotate(Row& row, size_t position) const {
    const auto size = static_cast<size_t>(sizes_.head_size());
    const bool halves = sizes_.architecture != "llama";
    for (size_t head = 0; head < row.size(); head += size) {
      for (size_t pair = 0; pair < size / 2; ++pair) {
        const double angle = static_cast<double>(position) *
                             std::pow(10000.0, -2.0 * static_cast<double>(pair) / static_cast<double>(size));
        double& a = row[head + (halves ? pair : 2 * pair)];
        double& b = row[head + (halves ? pair + size / 2 : 2 * pair + 1)];
        const double rotated = a * std::cos(angle) - b * std::sin(angle);
        b = a * std::sin(angle) + b * std::cos(angle);
        a = rotated;
      }
    }
  }

  bool sees(int32_t row, int32_t key) const {
    if (row >= clean_rows_) return true;
    if (key >= clean_rows_) return false;
    return sizes_.attention == "block_causal" ? key / block_size_ <= row / block_size_ : key <= row;
  }

  Row attend(const std::vector<Row>& queries, const std::vector<Row>& keys, const std::vector<Row>& values,
             size_t row) const {
    const auto size = static_cast<size_t>(sizes_.head_size());
    const auto group = static_cast<size_t>(sizes_.heads / sizes_.kv_heads);
    Row result(queries[row].size());
    for (size_t head = 0; head < static_cast<size_t>(sizes_.heads); ++head) {
      const size_t q = head * size;
      const size_t kv = head / group * size;
      Row weights(keys.size());
      double sum = 0;
      for (size_t key = 0; key < keys.size(); ++key) {
        if (!sees(static_cast<int32_t>(row), static_cast<int32_t>(key))) continue;
        double score = 0;
        for (size_t i = 0; i < size; ++i) score += queries[row][q + i] * keys[key][kv + i];
        weights[key] = std::exp(score / std::sqrt(static_cast<double>(size)));
        sum += weights[key];
      }
      for (size_t key = 0; key < keys.size(); ++key) {
        for (size_t i = 0; i < size; ++i) result[q + i] += weights[key] / sum * values[key][kv + i];
      }
    }
    return result;
  }

  void layer(const std::string& block, std::vector<Row>& rows) const {
    std::vector<Row> queries, keys, values;
    for (size_t row = 0; row < rows.size(); ++row) {
      const Row normed = norm(block + "attn_norm.weight", rows[row]);
      queries.push_back(project(block + "attn_q", normed));
      keys.push_back(project(block + "attn_k", normed));
      values.push_back(project(block + "attn_v", normed));
      if (sizes_.has_head_norm()) {
        queries.back() = norm_heads(block + "attn_q_norm.weight", queries.back());
        keys.back() = norm_heads(block + "attn_k_norm.weight", keys.back());
      }
      rotate(queries.back(), row);
      rotate(keys.back(), row);
    }
    for (size_t row = 0; row < rows.size(); ++row) {
      add(rows[row], times(block + "attn_output.weight", attend(queries, keys, values, row)));
      const Row normed = norm(block + "ffn_norm.weight", rows[row]);
      Row hidden = times(block + "ffn_gate.weight", normed);
      const Row up = times(block + "ffn_up.weight", normed);
      for (size_t i = 0; i < hidden.size(); ++i) hidden[i] = hidden[i] / (1 + std::exp(-hidden[i])) * up[i];
      add(rows[row], times(block + "ffn_down.weight", hidden));
    }
  }

  static void add(Row& row, const Row& other) {
    for (size_t i = 0; i < row.size(); ++i) row[i] += other[i];
  }

  const TinyModel& model_;
  const TinySizes& sizes_;
  int32_t clean_rows_;
  int32_t block_size_;
};

}  // namespace

std::vector<std::vector<double>> naive_logits(const TinyModel& model, const std::vector<int32_t>& token_ids,
                                              int32_t clean_rows, int32_t block_size) {
  return NaiveTransformer(model, clean_rows, block_size).logits(token_ids);
}

}  // namespace seedbed::engine
