"""What several pages share: words, badges, states, links and widgets; the one room that imports Streamlit."""
